"""What checkov and kube-score say of every stack's rendered objects, beside what they say of others (``make judges``).

The stacks are rendered as tests/cluster applies them (tools/rendering.py), so no network is needed but the package
indexes that checkov and kube-score are installed from, once, into build/judges. No check is suppressed.
"""

"""The weights on the nodes' own disks, piece by piece: the volume, and the DaemonSet that fills it."""

"""How Karpenter makes nodes in each cloud: a class of nodes, and what picks an instance type with the GPU."""

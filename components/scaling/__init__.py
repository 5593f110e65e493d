"""How the number of servers follows the load, piece by piece: signals, KEDA, the HPA, and the queue in front."""

"""How a model is reached from outside, piece by piece: route, gateway, allow-list."""

"""Model repositories small enough to ship: good ones that can be served, and bad ones that each fail for one reason."""

"""One passing and one failing case for each rule of the contract, a module for each family."""

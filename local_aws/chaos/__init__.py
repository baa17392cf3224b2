"""AWS when it is unkind, on request: throttling, failures before and after the effect, lost connections, slowness."""

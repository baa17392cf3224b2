"""What is served here instead of by moto: a package or module for each AWS service, and what several of them share."""

"""The weekly report of monitoring: one page without scripts, from reports and decisions alone."""

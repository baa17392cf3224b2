"""The raw bucket's folders. Apart from ``landing``, which opens archives and needs more than a small function has."""

LANDING = "landing"  # what people upload
QUARTERS = "quarters"  # what was checked, by content
LANDED = "landed"  # which uploaded object became which of them

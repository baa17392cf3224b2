"""The approver's page: requests, the evidence for one, and the way to a signature. The desk alone signs."""

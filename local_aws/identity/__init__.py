"""Who makes a call: principals, the credentials minted for them, and clients that call in their name."""

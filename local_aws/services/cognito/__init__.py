"""What of Cognito's user pools moto gets wrong: keys, claims and refusals. Pools, clients and users are moto's."""

from local_aws.services.cognito import invitations, pool_keys, sign_in, tokens

__all__ = ["invitations", "pool_keys", "sign_in", "tokens"]

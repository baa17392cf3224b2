"""What of DynamoDB moto gets wrong: repeated transactions, expired items, records of upserts. The rest is moto's."""

from local_aws.services.dynamodb import expiry, exports, transactions, upserts

__all__ = ["expiry", "exports", "transactions", "upserts"]

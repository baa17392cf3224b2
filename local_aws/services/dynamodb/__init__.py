"""What moto gets wrong of DynamoDB: repeated and refused transactions, expired items, records of upserts."""

from local_aws.services.dynamodb import expiry, exports, rollback, transactions, upserts

__all__ = ["expiry", "exports", "rollback", "transactions", "upserts"]

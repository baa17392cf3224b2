"""What a Glue job's script imports as ``awsglue`` when it runs on this machine: written from AWS's documentation.

https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-python-extensions.html

It is on the path of ``glueetl`` runs only. What it does not serve, it refuses by name.
"""

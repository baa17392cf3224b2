"""Entry points of the SageMaker containers: ``python -m tasks.sagemaker train|evaluate|compare|serve``."""

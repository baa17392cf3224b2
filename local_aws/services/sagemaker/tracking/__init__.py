"""What SageMaker only keeps and gives back: experiments, lineage, monitoring job definitions, model cards.

Their operations are made from botocore's model of them (``catalogue``); what links entities has code of its own.
"""

from __future__ import annotations

from local_aws.services.sagemaker.tracking import experiments, kinds, lineage, model_cards, trial_metrics

__all__ = ["experiments", "kinds", "lineage", "model_cards", "trial_metrics"]

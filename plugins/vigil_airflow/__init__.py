"""What Vigil's DAGs are made of: operators, their triggers, links and the dataset asset."""

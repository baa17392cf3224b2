"""Pages within Airflow's UI. Each asks for itself who may see it: Airflow does not guard what a plugin mounts."""

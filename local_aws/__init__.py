"""AWS on one machine: one HTTP endpoint that speaks the AWS APIs and really runs what is asked of it."""

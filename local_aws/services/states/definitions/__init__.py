"""Checks of definitions, as strict as CreateStateMachine on AWS where its rules are known."""

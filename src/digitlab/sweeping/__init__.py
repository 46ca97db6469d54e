"""Many trainings: a recipe's settings varied, each trial an ordinary run."""

"""Published results, trained again: chosen recipes over several seeds, and a table of published and measured errors."""

from digitlab.reproduction.reproducing import default_recipes, reproduce
from digitlab.reproduction.table import Row, Table

__all__ = ["Row", "Table", "default_recipes", "reproduce"]

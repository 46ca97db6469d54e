"""At home in other tools: scikit-learn, ONNX, Keras, PyTorch, a web page, TensorBoard; each imported when used."""

from digitlab.interop.exchange import Exported, Imported, export_model, import_model, understand

__all__ = ["Exported", "Imported", "export_model", "import_model", "understand"]

"""At home in other tools: scikit-learn, ONNX, Keras, PyTorch, a web page, TensorBoard; each imported when used."""

"""Making the model: vocabulary, data, training, export and evaluation."""

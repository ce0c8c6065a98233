"""The 8-bit variant of Tacotron 2 for CPUs: weights of the decoder's matrix products in blocks of 8 bits."""

from __future__ import annotations

from pathlib import Path

import onnx
from onnxruntime.quantization.matmul_nbits_quantizer import DefaultWeightOnlyQuantConfig, MatMulNBitsQuantizer

from export.quiet import quiet_root_logger

BLOCK = 32  # weights that share a scale
INT8_ACTIVATIONS = 4  # ONNX Runtime's accuracy_level: products of 8 bits, with a scale per block of a row


def quantize(source: Path, target: Path) -> None:
    """Write the variant.

    Only products with constant matrices change, nearly all of them inside the loop: what a step reads is
    mostly weights. Activations are scaled within their own row, so it depends on nothing else in its batch.

    Args:
        source: the float graph.
        target: file to write.
    """
    settings = DefaultWeightOnlyQuantConfig(
        block_size=BLOCK, is_symmetric=True, accuracy_level=INT8_ACTIVATIONS, bits=8
    )
    quantizer = MatMulNBitsQuantizer(onnx.load(str(source)), algo_config=settings)
    with quiet_root_logger():
        quantizer.process()
    onnx.save(without_unused(quantizer.model.model), str(target))


def without_unused(model: onnx.ModelProto) -> onnx.ModelProto:
    """Remove the float weights that no node reads any more."""
    read = set(names_read(model.graph))
    kept = [tensor for tensor in model.graph.initializer if tensor.name in read]
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
    return model


def names_read(graph: onnx.GraphProto) -> list[str]:
    """Every tensor name that a node of the graph or of its subgraphs reads."""
    names = [output.name for output in graph.output]
    for node in graph.node:
        names += node.input
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                names += names_read(attribute.g)
    return names

"""Remove the vocoder's bias noise from its output."""

from __future__ import annotations

import triton_python_backend_utils as pb_utils

from tritone.audio.validation import valid_part
from tritone.python_backend.configuration import Parameters, version_folder
from tritone.python_backend.requests import Interface
from tritone.python_backend.responses import pad_rows, respond
from tritone.synthesis.denoising import Denoiser

INTERFACE = Interface(["audio", "audio_length", "strength"])


class TritonPythonModel:
    def initialize(self, args):
        folder = version_folder(args)
        self._longest_samples = Parameters(args).count("longest_samples")
        self._denoiser = Denoiser.load(folder / "denoiser.json", folder / "bias.npy")

    def execute(self, requests):
        return [respond(request, INTERFACE, self._denoise) for request in requests]

    def _denoise(self, request):
        inputs, most = request.inputs, self._longest_samples
        lengths, strengths = inputs["audio_length"][:, 0].tolist(), inputs["strength"][:, 0].tolist()
        rows = [valid_part(row, length, most) for row, length in zip(inputs["audio"], lengths, strict=True)]
        denoised = [self._denoiser.denoise(*item) for item in zip(rows, strengths, strict=True)]
        return [pb_utils.Tensor("audio", pad_rows(denoised))]

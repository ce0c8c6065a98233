"""QuartzNet and Jasper: CTC recognition with convolutions."""

MODEL = "asr_quartznet"  # of the repository: the network
CITRINET = "asr_citrinet"  # the same for pieces

"""evaluate.py NETWORK GOLDEN MASKS: what the module of scripts/senet_torch.py makes of the images that an export holds, as
JSON. Distances are the largest ones, of logits in shares of the largest logit. MASKS: a *.masks file, or nothing."""

import json
import sys
from pathlib import Path

import torch

root = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(root / "scripts"), str(root / "tests" / "oracle")]
import safetensors_io
import senet_torch

network, golden, masks = sys.argv[1:]
module = senet_torch.load(network)
tensors, _ = safetensors_io.load(golden)
images, logits = tensors["images"], tensors["logits"]
with torch.no_grad():
    found = module(images)
_, about = safetensors_io.load(network)
pixels = json.loads(about["normalisation"])
mean, deviation = (torch.tensor(pixels[name]).view(-1, 1, 1) for name in ("mean", "deviation"))
values = (images * deviation + mean) * 255  # bytes, where that is the normalisation that the images had
with_masks = senet_torch.load(network, masks) if masks else module
activations = [part for part in module.modules() if isinstance(part, senet_torch.Activation)]
print(json.dumps({
    "accuracy": (found.argmax(1) == tensors["labels"]).double().mean().item(),
    "logits_off": ((found - logits).abs().max() / logits.abs().max()).item(),
    "bytes_off": (values - values.round()).abs().max().item(),
    "normalised_off": (module.normalised(values.round().to(torch.uint8)) - images).abs().max().item(),
    "input": [list(images.shape[1:]), json.loads(about["input"])],
    "relus": sum(int(activation.mask.sum()) for activation in activations),
    "same_masks": all(torch.equal(own, other) for own, other in zip(module.buffers(), with_masks.buffers())),
    "polynomials": sum(activation.coefficients is not None for activation in activations),
}))

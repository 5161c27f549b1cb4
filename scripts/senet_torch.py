"""A finished network with its masks, from the file that `senet export RUN --out FILE` writes, as a torch.nn.Module.

    network = senet_torch.load("network.safetensors")   # in evaluation mode; masks="other.masks": in place of its own
    logits = network(network.normalised(images))        # images: N x C x H x W, bytes from 0 to 255

Knows resnet18, resnet34, wrn22_8 and vgg16 of any width and depth, polynomials beside masks too; needs PyTorch 1.13.
Each ReLU site is a module whose `mask` (C x H x W) is true where a ReLU stands. A *.masks file begins with a line of
JSON, {"sites": [[name, [C, H, W]], ...]}; then each element has a bit: site after site, each in the order C, H, W
(W runs fastest), eight to a byte, the first one in the byte's least significant bit."""

import json
from collections import OrderedDict

import numpy as np
import torch
from torch import nn

TYPES = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "I64": torch.int64,
         "I32": torch.int32, "U8": torch.uint8, "BOOL": torch.bool}


def read_safetensors(path):
    data = np.fromfile(path, np.uint8)
    start = 8 + int(data[:8].view("<u8")[0])
    header, payload = json.loads(data[8:start].tobytes()), torch.from_numpy(data[start:])
    about = header.pop("__metadata__", {})
    bytes_of = {name: payload[slice(*entry["data_offsets"])].clone() for name, entry in header.items()}
    return {name: bytes_of[name].view(TYPES[e["dtype"]]).reshape(e["shape"]) for name, e in header.items()}, about


def read_masks(path):
    first, _, rest = np.fromfile(path, np.uint8).tobytes().partition(b"\n")
    if not first.startswith(b'{"sites":'):
        raise ValueError(f"{path}: does not begin with its sites; run its experiment again, which writes it anew")
    bits, masks = np.unpackbits(np.frombuffer(rest, np.uint8), bitorder="little"), {}
    for name, shape in json.loads(first)["sites"]:
        mask, bits = np.split(bits, [np.prod(shape)])
        masks[name] = torch.from_numpy(mask.reshape(shape)).bool()
    return masks


class Activation(nn.Module):
    """max(x, 0) where the mask is true; elsewhere x, or c0 + c1 x (+ c2 x^2) of its channel."""
    def __init__(self, mask, coefficients):
        super().__init__()
        self.register_buffer("mask", mask)
        self.coefficients = None if coefficients is None else nn.Parameter(coefficients)

    def forward(self, x):
        other = x if self.coefficients is None else sum(
            c.view([-1] + [1] * (x.dim() - 2)) * x ** power for power, c in enumerate(self.coefficients.unbind(1)))
        return torch.where(self.mask.view(x.shape[1:]), x.relu(), other)


def layer(tensors, name, stride=1, otherwise=nn.Identity):
    weight, mask, bias = tensors.get(name + ".weight"), tensors.get(name + ".mask"), name + ".bias" in tensors
    if weight is None:
        return otherwise() if mask is None else Activation(mask, tensors.get(name + ".coefficients"))
    if weight.dim() == 4:
        return nn.Conv2d(weight.shape[1], weight.shape[0], weight.shape[2], stride, weight.shape[2] // 2, bias=bias)
    return nn.BatchNorm2d(len(weight)) if weight.dim() == 1 else nn.Linear(weight.shape[1], weight.shape[0])


class Block(nn.Module):
    def __init__(self, tensors, path, stride, wide, identity):
        super().__init__()
        for part in ("conv1", "bn1", "relu1", "conv2", "bn2", "relu2"):
            setattr(self, part, layer(tensors, f"{path}.{part}", stride if part == "conv1" else 1))
        self.wide, self.projects, self.identity = wide, f"{path}.shortcut.0.weight" in tensors, identity
        self.shortcut = nn.Sequential(*(layer(tensors, f"{path}.shortcut.{i}", stride) for i in (0, 1)))

    def forward(self, x):
        y = self.relu1(self.bn1(x)) if self.wide else x
        rest = self.shortcut(y if self.projects else x) if self.projects or self.identity else 0
        return (self.conv2(self.relu2(self.bn2(self.conv1(y)))) + rest if self.wide else
                self.relu2(self.bn2(self.conv2(self.relu1(self.bn1(self.conv1(x))))) + rest))


def layers_of(tensors, model, options, stem_stride):
    pooling = ("pooling", nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()))
    if model == "vgg16":
        last = max(int(name.split(".")[1]) for name in tensors if name.startswith("features."))
        count, pool = last + (2 if options["pools"] == "all" else 1), lambda: nn.MaxPool2d(2)  # where there is no layer
        features = [layer(tensors, f"features.{i}", stem_stride if i == 0 else 1, pool) for i in range(count)]
        hidden = lambda: nn.Sequential(*(layer(tensors, f"classifier.{i}") for i in range(7)))
        return [("features", nn.Sequential(*features)), pooling,
                ("classifier", layer(tensors, "classifier", otherwise=hidden))]
    wide, imagenet = model == "wrn22_8", options.get("stem") == "imagenet"
    stem = [("conv1", layer(tensors, "conv1", stem_stride * (2 if imagenet else 1)))]
    norm = [(name, layer(tensors, name)) for name in ("bn1", "relu")] + [("pool", nn.MaxPool2d(3, 2, 1))] * imagenet
    stages = [(f"layer{stage}", nn.Sequential(*(
        Block(tensors, f"layer{stage}.{i}", 2 if stage > 1 and i == 0 else 1, wide, options["identity_shortcut"])
        for i in range(99) if f"layer{stage}.{i}.conv1.weight" in tensors))) for stage in range(1, 5)]
    return stem + (stages + norm if wide else norm + stages) + [pooling, ("linear", layer(tensors, "linear"))]


class Network(nn.Sequential):
    def normalised(self, images):
        mean, deviation = (images.new_tensor(self.pixels[of], dtype=torch.float) for of in ("mean", "deviation"))
        return (images / 255 - mean.view(-1, 1, 1)) / deviation.view(-1, 1, 1)


def load(path, masks=None):
    tensors, about = read_safetensors(path)
    if about.get("model") not in ("resnet18", "resnet34", "wrn22_8", "vgg16"):
        raise ValueError(f"{path}: is of the model {about.get('model')}, which senet_torch does not know")
    if "normalisation" not in about:
        raise ValueError(f"{path}: does not say its normalisation; `senet export` writes a file that does")
    own = {name[5:]: tensors.pop(name).bool() for name in list(tensors) if name.startswith("mask.")}
    chosen = read_masks(masks) if masks else own
    if {site: mask.shape for site, mask in chosen.items()} != {site: mask.shape for site, mask in own.items()}:
        raise ValueError(f"{masks}: its sites are not those of {path}")
    for site, mask in chosen.items():
        tensors[f"{site}.mask"], polynomial = mask, f"activation_{site.replace('.', '_')}.coefficients"
        tensors.update({f"{site}.coefficients": tensors.pop(name) for name in [polynomial] if name in tensors})
    options, stem_stride = json.loads(about["model_options"]), int(about["stem_stride"])
    network = Network(OrderedDict(layers_of(tensors, about["model"], options, stem_stride)))
    network.load_state_dict(tensors)
    network.pixels = json.loads(about["normalisation"])
    return network.eval()

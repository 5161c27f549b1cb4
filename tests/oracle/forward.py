"""forward.py read IN OUT: the logits of the network in IN for IN's images.
forward.py make IN OUT: a network of PyTorch's own initial values with masks and images, and its logits.
IN's metadata: model, options (JSON), shape (JSON), seed."""

import json
import sys

import torch

import models
import safetensors_io

action, source, target = sys.argv[1:]
tensors, metadata = safetensors_io.load(source)
options, shape = json.loads(metadata["options"]), json.loads(metadata["shape"])
net = models.build(metadata["model"], options, shape)
if action == "make":
    torch.manual_seed(int(metadata["seed"]))
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.2)
            module.running_var.uniform_(0.5, 2)
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.normal_(module.bias, 0, 0.2)
    images = torch.randn(3, *shape[:3])
    with torch.no_grad():
        net.eval()(images)
    net.masks = {site: (torch.rand(x.shape[1:]) < 0.4).to(torch.uint8) for site, x in net.pre.items()}
    tensors = dict(net.state_dict(), images=images, **{"mask." + site: mask for site, mask in net.masks.items()})
else:
    images = tensors.pop("images")
    models.restore(net, tensors)
    tensors = {}
with torch.no_grad():
    tensors["logits"] = net.eval()(images)
safetensors_io.save(target, tensors)

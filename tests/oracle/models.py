"""The models in plain PyTorch, written from their papers: what a user's own checkpoint would come from."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class Network(nn.Module):
    """`masks`: site name -> C x H x W, one where a ReLU stands; a site that has none keeps all its ReLUs."""

    def __init__(self):
        super().__init__()
        self.masks = {}
        self.alphas = {}
        self.pre, self.post, self.ends = {}, {}, []

    def act(self, site, x):
        y = F.relu(x)
        if site in self.masks:
            mask = self.masks[site].to(x.dtype)
            y = mask * y + (1 - mask) * x
        if site in self.alphas:
            alpha = self.alphas[site].alpha
            y = alpha * y + (1 - alpha) * x
        self.pre[site], self.post[site] = x, y
        return y

    def make_trainable(self, site, start):
        """SNL's activation at a site, alpha a parameter of 1 x C x H x W."""
        self.alphas[site] = nn.Module()
        self.alphas[site].alpha = nn.Parameter(start)
        self.add_module("activation_" + site.replace(".", "_"), self.alphas[site])

    def end_stage(self, x):
        self.ends.append(x)
        return x

    def forward(self, x):
        self.pre, self.post, self.ends = {}, {}, []
        return self.run(x)


def conv3(inputs, outputs, stride=1, bias=False):
    return nn.Conv2d(inputs, outputs, 3, stride, 1, bias=bias)


class BasicBlock(nn.Module):
    def __init__(self, inputs, outputs, stride, identity):
        super().__init__()
        self.conv1, self.bn1 = conv3(inputs, outputs, stride), nn.BatchNorm2d(outputs)
        self.conv2, self.bn2 = conv3(outputs, outputs), nn.BatchNorm2d(outputs)
        self.shortcut, self.identity = nn.Sequential(), identity
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x, net, path):
        y = net.act(path + ".relu1", self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        if len(self.shortcut) or self.identity:
            y = y + self.shortcut(x)
        return net.act(path + ".relu2", y)


class ResNet(Network):
    def __init__(self, blocks, channels, classes, width=64, stem="cifar", stem_relu=True, identity_shortcut=True):
        super().__init__()
        self.imagenet, self.stem_relu = stem == "imagenet", stem_relu
        self.conv1 = nn.Conv2d(channels, width, 7, 2, 3, bias=False) if self.imagenet else conv3(channels, width)
        self.bn1 = nn.BatchNorm2d(width)
        inputs = width
        for stage, count in enumerate(blocks, 1):
            outputs = width << (stage - 1)
            layers = []
            for i in range(count):
                layers.append(BasicBlock(inputs, outputs, 2 if stage > 1 and i == 0 else 1, identity_shortcut))
                inputs = outputs
            setattr(self, f"layer{stage}", nn.Sequential(*layers))
        self.linear = nn.Linear(inputs, classes)

    def run(self, x):
        x = self.bn1(self.conv1(x))
        if self.stem_relu:
            x = self.act("relu", x)
        if self.imagenet:
            x = F.max_pool2d(x, 3, 2, 1)
        for stage in range(1, 5):
            for i, block in enumerate(getattr(self, f"layer{stage}")):
                x = block(x, self, f"layer{stage}.{i}")
            self.end_stage(x)
        return self.linear(x.mean((2, 3)))


class PreActivationBlock(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.bn1, self.conv1 = nn.BatchNorm2d(inputs), conv3(inputs, outputs, stride)
        self.bn2, self.conv2 = nn.BatchNorm2d(outputs), conv3(outputs, outputs)
        self.shortcut = nn.Sequential()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False))

    def forward(self, x, net, path, ends):
        y = net.act(path + ".relu1", self.bn1(x))
        if ends:
            net.end_stage(y)
        z = self.conv2(net.act(path + ".relu2", self.bn2(self.conv1(y))))
        return z + (self.shortcut(y) if len(self.shortcut) else x)


class WideResNet(Network):
    def __init__(self, channels, classes, width=128, last_relu=True):
        super().__init__()
        self.conv1, self.last_relu = conv3(channels, 16), last_relu
        inputs = 16
        for stage in (1, 2, 3):
            outputs = width << (stage - 1)
            layers = []
            for i in range(3):
                layers.append(PreActivationBlock(inputs, outputs, 2 if stage > 1 and i == 0 else 1))
                inputs = outputs
            setattr(self, f"layer{stage}", nn.Sequential(*layers))
        self.bn1, self.linear = nn.BatchNorm2d(inputs), nn.Linear(inputs, classes)

    def run(self, x):
        x = self.conv1(x)
        for stage in (1, 2, 3):
            for i, block in enumerate(getattr(self, f"layer{stage}")):
                x = block(x, self, f"layer{stage}.{i}", stage > 1 and i == 0)
        x = self.bn1(x)
        if self.last_relu:
            x = self.act("relu", x)
        self.end_stage(x)
        return self.linear(x.mean((2, 3)))


class Vgg16(Network):
    def __init__(self, channels, classes, size, width=64, pools="authors", hidden=0):
        super().__init__()
        layers, inputs = [], channels
        self.block_ends = []
        for block, count in enumerate((2, 2, 3, 3, 3), 1):
            outputs = width * min(1 << (block - 1), 8)
            for _ in range(count):
                layers += [conv3(inputs, outputs, bias=True), nn.BatchNorm2d(outputs), nn.ReLU()]
                inputs = outputs
            self.block_ends.append(len(layers) - 1)
            if pools == "all" or block <= 3 or (block == 4 and size >= 64):
                layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)
        if hidden:
            self.classifier = nn.Sequential(
                nn.Linear(inputs, hidden), nn.ReLU(), nn.Identity(),
                nn.Linear(hidden, hidden), nn.ReLU(), nn.Identity(), nn.Linear(hidden, classes))
        else:
            self.classifier = nn.Linear(inputs, classes)

    def run(self, x):
        for i, layer in enumerate(self.features):
            if isinstance(layer, nn.ReLU):
                x = self.act(f"features.{i}", x)
                if i in self.block_ends[1:]:
                    self.end_stage(x)
            else:
                x = layer(x)
        x = x.mean((2, 3))
        if isinstance(self.classifier, nn.Linear):
            return self.classifier(x)
        for i, layer in enumerate(self.classifier):
            if isinstance(layer, nn.ReLU):
                x = self.act(f"classifier.{i}", x[:, :, None, None]).flatten(1)
            else:
                x = layer(x)
        return x


def build(model, options, shape):
    """shape: [channels, height, width, classes]"""
    channels, height, _, classes = shape
    if model in ("resnet18", "resnet34"):
        blocks = (2, 2, 2, 2) if model == "resnet18" else (3, 4, 6, 3)
        return ResNet(blocks, channels, classes, **options)
    if model == "wrn22_8":
        return WideResNet(channels, classes, **options)
    if model == "vgg16":
        return Vgg16(channels, classes, height, **options)
    raise ValueError(model)


def restore(net, tensors, prefix=""):
    """Weights and masks from a file's tensors; every name has to be there, and no other."""
    own = {name[len(prefix) :]: value for name, value in tensors.items() if name.startswith(prefix)}
    net.masks = {name[5:]: value for name, value in own.items() if name.startswith("mask.")}
    net.load_state_dict({name: value for name, value in own.items() if not name.startswith("mask.")}, strict=True)
    return net

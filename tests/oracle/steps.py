"""steps.py IN OUT: some steps of teacher training, mask identification, fine-tuning or SNL's search, written from the
methods' equations with PyTorch's own optimisers and losses.

IN holds the student's and (but for the phase "teacher") the teacher's tensors under "student." and "teacher.", batches as
"images.N" and "labels.N"; its metadata: model, options, shape, phase, lr, momentum, weight_decay, and of the phase: score,
pram, kd_weight, ce_weight, temperature, beta, relus, lambda, alphas (the sites that have one). OUT: "loss.N"; gradients of the first step "grad.*"; the student's
tensors afterwards "student.*"; for mask identification D as "D.*" and the next masks "next.*"."""

import json
import sys

import torch
import torch.nn.functional as F

import models
import safetensors_io

tensors, metadata = safetensors_io.load(sys.argv[1])
options, shape = json.loads(metadata["options"]), json.loads(metadata["shape"])
phase = metadata["phase"]
torch.set_num_threads(1)


def network(prefix):
    net = models.build(metadata["model"], options, shape)
    if prefix == "student." and phase == "snl":
        for site in json.loads(metadata["alphas"]):
            net.make_trainable(site, tensors[f"student.activation_{site.replace('.', '_')}.alpha"])
    return models.restore(net, tensors, prefix)


student = network("student.").train()
teacher = None if phase == "teacher" else network("teacher.").eval()
if phase == "snl":
    optimizer = torch.optim.Adam(student.parameters(), lr=float(metadata["lr"]))
else:
    optimizer = torch.optim.SGD(
        student.parameters(),
        lr=float(metadata["lr"]),
        momentum=float(metadata["momentum"]),
        weight_decay=float(metadata["weight_decay"]),
    )


def distillation(logits, target):
    temperature = float(metadata["temperature"])
    return temperature**2 * F.kl_div(
        F.log_softmax(logits / temperature, 1), F.softmax(target / temperature, 1), reduction="batchmean")


def attention(x):
    a = x.pow(2).mean(1).flatten(1)
    return F.normalize(a, dim=1)


def pram(theirs, ours):
    if metadata["pram"] == "attention":
        return sum((attention(t) - attention(s)).pow(2).mean() for t, s in zip(theirs, ours))
    unit = lambda x: F.normalize(x.flatten(1), dim=1)
    return sum(0.5 * (unit(t) - unit(s)).pow(2).sum(1).mean() for t, s in zip(theirs, ours))


result, mismatch = {}, {}
step = 0
while f"images.{step}" in tensors:
    images, labels = tensors[f"images.{step}"], tensors[f"labels.{step}"]
    if teacher is not None:
        with torch.no_grad():
            target = teacher(images)
    logits = student(images)
    ce = F.cross_entropy(logits, labels)
    if phase == "teacher":
        loss = ce
    elif phase == "snl":
        loss = ce + distillation(logits, target)
        loss = loss + float(metadata["lambda"]) * sum(a.alpha.abs().sum() for a in student.alphas.values())
    elif phase == "mask":
        loss = float(metadata["ce_weight"]) * ce + float(metadata["kd_weight"]) * distillation(logits, target)
        compared = student.post if metadata["score"] == "post" else student.pre
        for site, theirs in teacher.post.items():
            difference = (theirs - compared[site].detach()).abs()
            if metadata["score"] == "gain":
                difference = difference - (theirs - F.relu(compared[site].detach())).abs()
            mismatch[site] = mismatch.get(site, 0) + difference.double().sum(0)
    else:
        weight = float(metadata["kd_weight"])
        loss = (1 - weight) * ce + weight * distillation(logits, target)
        loss = loss + float(metadata["beta"]) * pram(teacher.ends, student.ends)
    optimizer.zero_grad()
    loss.backward()
    if step == 0:
        result.update({"grad." + name: value.grad.clone() for name, value in student.named_parameters()})
    optimizer.step()
    result[f"loss.{step}"] = loss.detach()
    step += 1

for name, value in student.state_dict().items():
    result["student." + name] = value
if phase == "mask":
    for (site, D), count in zip(mismatch.items(), json.loads(metadata["relus"])):
        kept = torch.sort(-D.flatten(), stable=True).indices[:count]
        mask = torch.zeros(D.numel(), dtype=torch.uint8)
        mask[kept] = 1
        result["D." + site], result["next." + site] = D, mask.reshape(D.shape)
safetensors_io.save(sys.argv[2], result)

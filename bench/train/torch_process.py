"""PyTorch on the same network, images and optimizer, for `nasoa bench train --all`.

Answers each line of JSON on stdin with one on stdout. Arguments: number of threads; `compile` for torch.compile.
"""

import json
import sys
import time
from collections import Counter

import torch
from torch import nn

MEAN = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1) * 255
DEVIATION = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1) * 255
HALVES = {"bfloat16": torch.bfloat16, "float16": torch.float16}


class Network(nn.Module):
    """The network of a layer graph as the TypeScript side exports it."""

    def __init__(self, layers):
        super().__init__()
        self.layers = layers
        readers = Counter(i for layer in layers for i in layer.get("inputs", [layer.get("input")]))
        parts = {str(layer["id"]): part(layer, readers) for layer in layers}
        self.parts = nn.ModuleDict({key: module for key, module in parts.items() if module is not None})

    def forward(self, x):
        outputs = []
        for layer in self.layers:
            kind = layer["kind"]
            if kind == "input":
                outputs.append(x)
            elif kind == "add":
                outputs.append(outputs[layer["inputs"][0]] + outputs[layer["inputs"][1]])
            elif kind == "concat":
                outputs.append(torch.cat([outputs[i] for i in layer["inputs"]], 1))
            elif kind == "global_average_pool":
                outputs.append(outputs[layer["input"]].mean((2, 3)))
            else:
                outputs.append(self.parts[str(layer["id"])](outputs[layer["input"]]))
        return outputs[-1]


def part(layer, readers):
    kind, channels = layer["kind"], layer["output"]["channels"]
    if kind == "convolution":
        kernel, stride, padding, groups = (layer[key] for key in ("kernel", "stride", "padding", "groups"))
        return nn.Conv2d(layer["inputChannels"], channels, kernel, stride, padding, groups=groups, bias=False)
    if kind == "batch_normalization":
        return nn.BatchNorm2d(channels)
    if kind == "relu":
        return nn.ReLU(inplace=readers[layer["input"]] == 1)
    if kind == "fully_connected":
        return nn.Linear(layer["inputFeatures"], channels)
    return None


class Contender:
    def __init__(self, graph, batch, params, device, precision):
        self.device = torch.device("cuda" if device == "gpu" else "cpu")
        self.half = HALVES.get(precision)
        # As TensorFlow does by itself: algorithms are tried out, and matrix products of float32 use TF32 where there is.
        torch.backends.cudnn.benchmark = True
        torch.backends.cuda.matmul.allow_tf32 = True
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=precision == "float16")
        self.mean, self.deviation = MEAN.to(self.device), DEVIATION.to(self.device)
        base = Network(graph["layers"]).to(self.device, memory_format=torch.channels_last)
        found = sum(value.numel() for value in base.parameters())
        if found != params:
            raise ValueError(f"the network has {found} parameters in PyTorch, {params} expected")
        decayed = [p for p in base.parameters() if p.dim() > 1]
        others = [p for p in base.parameters() if p.dim() <= 1]
        groups = [{"params": decayed, "weight_decay": 5e-4}, {"params": others}]
        self.optimizer = torch.optim.SGD(groups, lr=0.0, momentum=0.9, nesterov=True)
        self.network = torch.compile(base) if COMPILED else base
        self.loss = nn.CrossEntropyLoss(label_smoothing=0.1)
        self.evaluation_loss = nn.CrossEntropyLoss(reduction="sum")
        side = graph["resolution"]
        self.bytes = torch.randint(0, 256, (batch, side, side, 3), dtype=torch.uint8)
        self.images = self.normalized()
        self.labels = torch.randint(0, graph["classes"], (batch,)).to(self.device)

    def normalized(self):
        return (self.bytes.to(self.device).permute(0, 3, 1, 2).float() - self.mean) / self.deviation

    def mixed(self):
        return torch.autocast(self.device.type, dtype=self.half or torch.bfloat16, enabled=self.half is not None)

    def now(self):
        if self.device.type == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter()

    def step(self):
        self.network.train()
        start = self.now()
        with self.mixed():
            loss = self.loss(self.network(self.images), self.labels)
        forward = self.now()
        self.scaler.scale(loss).backward()
        backward = self.now()
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.optimizer.zero_grad()
        loss.item()
        end = self.now()
        times = {"ms": end - start, "forward": forward - start, "backward": backward - forward, "update": end - backward}
        return {key: 1000 * value for key, value in times.items()}

    def evaluate(self):
        """From bytes, as the engine does."""
        self.network.eval()
        start = self.now()
        with torch.inference_mode(), self.mixed():
            logits = self.network(self.normalized())
            self.evaluation_loss(logits, self.labels).item()
            (logits.argmax(1) == self.labels).sum().item()
        return {"ms": 1000 * (self.now() - start)}


def answer(question):
    global contender
    if question["kind"] == "prepare":
        contender = None
        contender = Contender(question["graph"], question["cell"]["batch"], question["params"], question["device"], question["precision"])
        return {"version": torch.__version__}
    return contender.evaluate() if question["part"] == "evaluation" else contender.step()


contender = None
torch.set_num_threads(int(sys.argv[1]))
COMPILED = "compile" in sys.argv[2:]
for line in sys.stdin:
    try:
        reply = answer(json.loads(line))
    except Exception as error:  # noqa: BLE001 - whatever it is, the bench says so in its table
        reply = {"error": f"{type(error).__name__}: {error}"[:400]}
    print(json.dumps(reply), flush=True)

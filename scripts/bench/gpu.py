"""The reference column of `bench --gpu`: one training step of the same encoder in PyTorch on the same card, as fast as PyTorch has it.

usage: gpu.py '{"layers", "hidden", "heads", "batch", "tokens", "vocabulary", "dropout", "precision": "f32" | "bf16", "compile", "steps", "device": "cuda" | "cpu"}'
Scaled-dot-product attention, AdamW fused (on CUDA), bfloat16 by autocast, TF32 for what stays float32; with "compile" through torch.compile.
Prints {"milliseconds": [...], "peakBytes", "torch", "device", "fused"}; three steps warm up first (with "compile" they compile).
"""
import json
import sys
import time

import torch
import torch.nn.functional as F

from reference import Encoder


def main():
    s = json.loads(sys.argv[1])
    device = torch.device(s["device"])
    cuda = device.type == "cuda"
    torch.manual_seed(7)
    torch.set_float32_matmul_precision("high")
    model = Encoder(s).train().to(device)
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-5, weight_decay=0.01, fused=cuda)
    forward = torch.compile(model) if s["compile"] else model
    ids = torch.randint(5, s["vocabulary"], (s["batch"], s["tokens"]), device=device)
    labels = torch.randint(0, 4, (s["batch"],), device=device)
    half = s["precision"] == "bf16"
    # No mask: every text is full, which lets PyTorch take its fastest attention.
    finish = torch.cuda.synchronize if cuda else (lambda: None)

    def step():
        with torch.autocast(device.type, torch.bfloat16, enabled=half):
            loss = F.cross_entropy(forward(ids, None).float(), labels)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        return loss

    for _ in range(3):
        loss = step()
    finish()
    times = []
    for _ in range(s["steps"]):
        start = time.perf_counter()
        loss = step()
        finish()
        times.append((time.perf_counter() - start) * 1000)
    if not torch.isfinite(loss):
        sys.exit(f"the loss is {loss.item()}")
    print(json.dumps({
        "milliseconds": times,
        "peakBytes": torch.cuda.max_memory_allocated() if cuda else 0,
        "torch": torch.__version__,
        "device": torch.cuda.get_device_name() if cuda else "cpu",
        "fused": cuda,
    }))


main()

"""The reference of `npm run bench -- --weights`: steps of transformers' encoder from the same weights, head and batches, timed on request.

usage: weights.py FOLDER  where FOLDER/job.json holds {"folder": weights, "precision", "dropout", "batch", "learningRate", "headFactor", "weightDecay",
"clip", "steps", "head": {name: values}, "batches": [{length, ids, mask, types, labels, weights}, …]}.
Reads one JSON object a line: {"load": true} answers the first batch's probabilities without dropout; {"from", "to"} trains on those batches.
"""
import json
import os
import sys
import time

import torch
import torch.nn.functional as F
import transformers
from torch import nn
from transformers import AutoConfig, AutoModel


class Network(nn.Module):
    def __init__(self, job):
        super().__init__()
        config = AutoConfig.from_pretrained(job["folder"])
        config.hidden_dropout_prob, config.attention_probs_dropout_prob = job["dropout"], 0.0
        self.encoder = AutoModel.from_pretrained(job["folder"], config=config, add_pooling_layer=False, dtype=torch.float32)
        h = config.hidden_size
        self.dense, self.out_proj, self.dropout = nn.Linear(h, h), nn.Linear(h, 4), nn.Dropout(job["dropout"])
        for layer, name in ((self.dense, "dense"), (self.out_proj, "out_proj")):
            layer.weight.data = torch.tensor(job["head"][name + ".weight"], dtype=torch.float32).view_as(layer.weight)
            layer.bias.data = torch.tensor(job["head"][name + ".bias"], dtype=torch.float32)

    def forward(self, ids, mask, types):
        hidden = self.encoder(input_ids=ids, attention_mask=mask, token_type_ids=types).last_hidden_state
        weights = mask.unsqueeze(-1).to(hidden.dtype)
        pooled = (hidden * weights).sum(1) / weights.sum(1)
        return self.out_proj(self.dropout(torch.tanh(self.dense(self.dropout(pooled)))))


job = model = optimiser = schedule = batches = None
for line in sys.stdin:
    request = json.loads(line)
    if "load" in request:
        job = json.load(open(os.path.join(sys.argv[1], "job.json")))
        torch.manual_seed(7)
        model = Network(job)
        heads = [p for n, p in model.named_parameters() if not n.startswith("encoder.")]
        body = [p for n, p in model.named_parameters() if n.startswith("encoder.")]
        groups = [{"params": body}, {"params": heads, "lr": job["learningRate"] * job["headFactor"]}]
        optimiser = torch.optim.AdamW(groups, lr=job["learningRate"], weight_decay=job["weightDecay"], foreach=True)
        schedule = transformers.get_linear_schedule_with_warmup(optimiser, job["steps"] // 10, job["steps"])
        shape = lambda b, name: torch.tensor(b[name]).view(job["batch"], b["length"])
        batches = [
            (shape(b, "ids"), shape(b, "mask"), shape(b, "types") if b["types"] else None, torch.tensor(b["labels"]), torch.tensor(b["weights"], dtype=torch.float32))
            for b in job["batches"]
        ]
        model.eval()
        with torch.no_grad():
            probabilities = torch.softmax(model(*batches[0][:3]), 1).flatten().tolist()
        model.train()
        for batch in {b[0].shape[1]: b for b in batches}.values():  # neither side is timed for the first time
            with torch.autocast("cpu", torch.bfloat16, enabled=job["precision"] == "bf16"):
                loss = F.cross_entropy(model(*batch[:3]).float(), batch[3])
            loss.backward()
            optimiser.zero_grad(set_to_none=True)
        answer = {"probabilities": probabilities, "version": f"torch {torch.__version__}, transformers {transformers.__version__}"}
    else:
        times = []
        for ids, mask, types, labels, weights in batches[request["from"] : request["to"]]:
            start = time.perf_counter()
            with torch.autocast("cpu", torch.bfloat16, enabled=job["precision"] == "bf16"):
                logits = model(ids, mask, types).float()
            loss = (F.cross_entropy(logits, labels, reduction="none") * weights).sum() / weights.sum()
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), job["clip"], foreach=True)
            optimiser.step()
            schedule.step()
            loss.item()
            times.append((time.perf_counter() - start) * 1000)
        answer = {"milliseconds": times}
    print(json.dumps(answer), flush=True)

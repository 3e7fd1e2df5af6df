"""The reference column of `npm run bench`: one training step of the same encoder in PyTorch, timed on request.

Reads one JSON object a line: {"build": {layers, hidden, heads, batch, tokens, vocabulary, dropout, precision}} or {"steps": n}; answers one a line.
Post-LayerNorm encoder, scaled-dot-product attention, Adam (foreach), classifier on the first token, cross-entropy.
"""
import json
import resource
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn


class Layer(nn.Module):
    def __init__(self, hidden, heads, dropout):
        super().__init__()
        self.heads, self.rate = heads, dropout
        self.qkv, self.out = nn.Linear(hidden, 3 * hidden), nn.Linear(hidden, hidden)
        self.wide, self.narrow = nn.Linear(hidden, 4 * hidden), nn.Linear(4 * hidden, hidden)
        self.norm1, self.norm2 = nn.LayerNorm(hidden), nn.LayerNorm(hidden)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, mask):
        b, t, h = x.shape
        q, k, v = self.qkv(x).view(b, t, 3, self.heads, h // self.heads).permute(2, 0, 3, 1, 4)
        a = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, dropout_p=self.rate if self.training else 0.0)
        x = self.norm1(x + self.dropout(self.out(a.transpose(1, 2).reshape(b, t, h))))
        return self.norm2(x + self.dropout(self.narrow(F.gelu(self.wide(x)))))


class Encoder(nn.Module):
    def __init__(self, s):
        super().__init__()
        h = s["hidden"]
        self.words, self.places, self.norm = nn.Embedding(s["vocabulary"], h), nn.Embedding(514, h), nn.LayerNorm(h)
        self.layers = nn.ModuleList(Layer(h, s["heads"], s["dropout"]) for _ in range(s["layers"]))
        self.dense, self.out, self.dropout = nn.Linear(h, h), nn.Linear(h, 4), nn.Dropout(s["dropout"])

    def forward(self, ids, mask):
        x = self.dropout(self.norm(self.words(ids) + self.places(torch.arange(ids.shape[1], device=ids.device))))
        for layer in self.layers:
            x = layer(x, mask)
        return self.out(self.dropout(torch.tanh(self.dense(self.dropout(x[:, 0])))))


def main():
    model = optimiser = batch = autocast = None
    for line in sys.stdin:
        request = json.loads(line)
        if "build" in request:
            s = request["build"]
            torch.manual_seed(7)
            model = Encoder(s).train()
            optimiser = torch.optim.Adam(model.parameters(), lr=1e-4, foreach=True)
            ids = torch.randint(5, s["vocabulary"], (s["batch"], s["tokens"]))
            mask = torch.zeros(s["batch"], 1, 1, s["tokens"])
            batch = (ids, mask, torch.randint(0, 4, (s["batch"],)))
            autocast = s["precision"] == "bf16"
            answer = {"torch": torch.__version__, "threads": torch.get_num_threads()}
        else:
            times = []
            for _ in range(request["steps"]):
                start = time.perf_counter()
                with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
                    loss = F.cross_entropy(model(batch[0], batch[1].to(torch.bfloat16) if autocast else batch[1]).float(), batch[2])
                optimiser.zero_grad(set_to_none=True)
                loss.backward()
                optimiser.step()
                loss.item()
                times.append((time.perf_counter() - start) * 1000)
            answer = {"milliseconds": times, "peakBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()

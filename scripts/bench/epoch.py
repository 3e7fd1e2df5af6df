"""The reference of the epoch bench: one fine-tuning epoch by Hugging Face's Trainer, every row padded to the maximum.

usage: epoch.py ROWS.json  where ROWS.json holds {"pairs": [[query, product], …], "labels": […], "tokenizer": FOLDER, layers, hidden, heads, maxLength, batch}
Prints {"seconds": tokenising and training of one epoch, "torch", "transformers"}. The model is drawn at random: only time is compared.
"""
import json
import os
import sys
import tempfile
import time

import torch
import transformers
from transformers import PreTrainedTokenizerFast, Trainer, TrainingArguments, XLMRobertaConfig, XLMRobertaForSequenceClassification

s = json.load(open(sys.argv[1]))
tokenizer = PreTrainedTokenizerFast(
    tokenizer_file=os.path.join(s["tokenizer"], "tokenizer.json"), pad_token="<pad>", unk_token="<unk>", cls_token="<s>", sep_token="</s>", mask_token="<mask>"
)
config = XLMRobertaConfig(
    vocab_size=len(tokenizer), hidden_size=s["hidden"], num_hidden_layers=s["layers"], num_attention_heads=s["heads"],
    intermediate_size=4 * s["hidden"], max_position_embeddings=514, type_vocab_size=1, num_labels=4,
)
model = XLMRobertaForSequenceClassification(config)


class Rows(torch.utils.data.Dataset):
    def __init__(self, encoded, labels):
        self.encoded, self.labels = encoded, labels

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        return {"input_ids": self.encoded["input_ids"][i], "attention_mask": self.encoded["attention_mask"][i], "labels": self.labels[i]}


start = time.perf_counter()
queries, products = zip(*s["pairs"])
encoded = tokenizer(list(queries), list(products), truncation=True, padding="max_length", max_length=s["maxLength"], return_tensors="pt")
with tempfile.TemporaryDirectory() as folder:
    arguments = TrainingArguments(
        folder, per_device_train_batch_size=s["batch"], num_train_epochs=1, learning_rate=1e-4, weight_decay=0.01, warmup_steps=10,
        save_strategy="no", logging_strategy="no", report_to=[], use_cpu=True, disable_tqdm=True,
    )
    Trainer(model=model, args=arguments, train_dataset=Rows(encoded, s["labels"])).train()
print(json.dumps({"seconds": time.perf_counter() - start, "torch": torch.__version__, "transformers": transformers.__version__}))

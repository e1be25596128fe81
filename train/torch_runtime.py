"""The model runtime of training: a torch model behind the same call as the ONNX one."""

from __future__ import annotations

import torch
from transformers import PreTrainedModel

from train.runtime import Ids
from train.tags import Logits


class TorchRuntime:
    """Scores batches with a token-classification model, in the precision it is set to.

    It switches the model to evaluation and back, so only one thread may call it.
    """

    def __init__(self, model: PreTrainedModel):
        self.model = model

    def __call__(self, input_ids: Ids) -> Logits:
        was_training = self.model.training
        self.model.eval()
        device = self.model.device
        with torch.inference_mode():
            output = self.model(input_ids=torch.from_numpy(input_ids).to(device))
        self.model.train(was_training)
        logits: Logits = output.logits.float().cpu().numpy()
        return logits

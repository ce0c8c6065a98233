"""Train the small punctuation and capitalisation BERT: `python -m training.punctuation --minutes 30`.

The same command continues a run that was stopped.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import torch
from nemo.collections.nlp.models import PunctuationCapitalizationModel
from omegaconf import DictConfig, OmegaConf
from tokenizers import BertWordPieceTokenizer
from torch.nn import functional
from transformers import BertTokenizer

from training.corpus import read_sentences
from training.nemo_bert import new_model
from training.passages import CAPITALS, PUNCTUATION, Windows, Word, read_passages
from training.run import TrainingRun, command_line
from training.schedule import Budget

HELD_OUT_WINDOWS = 200
IGNORED = -100  # a target that every loss ignores


def train_vocabulary(passages: Sequence[Sequence[Word]], size: int, folder: Path) -> Path:
    """Train a WordPiece vocabulary on the passages, once per run folder."""
    path = folder / "vocab.txt"
    if not path.exists():
        tokenizer = BertWordPieceTokenizer(lowercase=True)
        tokenizer.train_from_iterator(
            (" ".join(word.text for word in passage) for passage in passages),
            vocab_size=size,
            show_progress=False,
        )
        tokenizer.save_model(str(folder))
    return path


class Encoding:
    """Turns windows of words into tensors; only the first piece of each word carries labels, as in NeMo."""

    def __init__(self, tokenizer: BertTokenizer, window_tokens: int) -> None:
        self.tokenizer = tokenizer
        self.window_tokens = window_tokens
        self.pieces: dict[str, list[int]] = {}

    def word_pieces(self, word: str) -> list[int]:
        """Return the pieces of one word, cached: words recur."""
        if word not in self.pieces:
            self.pieces[word] = self.tokenizer.convert_tokens_to_ids(self.tokenizer.tokenize(word))
        return self.pieces[word]

    def window(self, words: Sequence[Word]) -> tuple[list[int], list[int], list[int]]:
        """Return token ids, punctuation targets and capital targets, cut to whole words that fit."""
        ids, punctuation, capitals = [self.tokenizer.cls_token_id], [IGNORED], [IGNORED]
        for word in words:
            pieces = self.word_pieces(word.text)
            if len(ids) + len(pieces) >= self.window_tokens:
                break
            ids += pieces
            punctuation += [PUNCTUATION.index(word.punctuation)] + [IGNORED] * (len(pieces) - 1)
            capitals += [CAPITALS.index(word.capital)] + [IGNORED] * (len(pieces) - 1)
        return [*ids, self.tokenizer.sep_token_id], [*punctuation, IGNORED], [*capitals, IGNORED]

    def batch(self, windows: Sequence[Sequence[Word]]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return ids, punctuation targets and capital targets, each (B, L), padded."""
        fills = (self.tokenizer.pad_token_id, IGNORED, IGNORED)
        columns = zip(*(self.window(words) for words in windows), strict=True)
        ids, punctuation, capitals = (
            torch.nn.utils.rnn.pad_sequence(
                [torch.tensor(row) for row in rows], batch_first=True, padding_value=fill
            )
            for rows, fill in zip(columns, fills, strict=True)
        )
        return ids, punctuation, capitals


class PunctuationRun(TrainingRun):
    """Trains both heads and, on tokens that it hides, the encoder's grasp of the language."""

    log_every_steps = 50

    def __init__(
        self, config: DictConfig, folder: Path, device: str, windows: Windows, held_out: Windows
    ) -> None:
        torch.manual_seed(config.training.seed)
        self.guess_bias = torch.nn.Parameter(
            torch.zeros(config.model.language_model.config.vocab_size, device=device)
        )
        super().__init__(config, folder, device, new_model(config.model), new_model(config.model))
        self.tokenizer = self.model.tokenizer.tokenizer
        self.encoding = Encoding(self.tokenizer, config.training.window_tokens)
        self.windows = windows
        self.randomness = random.Random(config.training.seed)
        self.held_out = self.draw(held_out, HELD_OUT_WINDOWS)
        self.randomness.seed(config.training.seed + self.step)

    def own_parameters(self) -> Iterable[torch.nn.Parameter]:
        """Return the bias of guessing hidden tokens, which the finished model does not use."""
        return [self.guess_bias]

    def load(self, state: dict[str, Any]) -> None:
        """Continue from a checkpoint."""
        super().load(state)
        self.guess_bias.data.copy_(state["guess_bias"])

    def state(self) -> dict[str, Any]:
        """Return the contents of a checkpoint."""
        return super().state() | {"guess_bias": self.guess_bias.detach()}

    def hide(self, ids: torch.Tensor, share: float) -> tuple[torch.Tensor, torch.Tensor]:
        """Hide a share of the tokens; returns the changed ids and, where hidden, the token to guess."""
        is_text = ids > max(self.tokenizer.all_special_ids)
        hidden = is_text & (torch.rand(ids.shape) < share)
        return ids.masked_fill(hidden, self.tokenizer.mask_token_id), ids.masked_fill(~hidden, IGNORED)

    def losses(
        self, model: PunctuationCapitalizationModel, windows: Sequence[Sequence[Word]], masked_share: float
    ) -> dict[str, torch.Tensor]:
        """Compute the losses of a batch: both heads, and guessing hidden tokens."""
        ids, punctuation, capitals = self.encoding.batch(windows)
        seen, guesses = self.hide(ids, masked_share)
        seen, punctuation, capitals, guesses = (
            t.to(self.device) for t in (seen, punctuation, capitals, guesses)
        )
        half = self.config.training.precision == "bf16"
        with torch.autocast(self.device, torch.bfloat16, enabled=half):
            hidden = model.bert_model(
                input_ids=seen,
                attention_mask=seen != self.tokenizer.pad_token_id,
                token_type_ids=torch.zeros_like(seen),
            )
            punctuation_logits = model.punct_classifier(hidden_states=hidden).float()
            capital_logits = model.capit_classifier(hidden_states=hidden).float()
            asked = guesses != IGNORED
            embedding = model.bert_model.embeddings.word_embeddings.weight
            guess_logits = functional.linear(hidden[asked], embedding, self.guess_bias).float()
        losses = {
            "punctuation_loss": functional.cross_entropy(
                punctuation_logits.flatten(0, 1), punctuation.flatten()
            ),
            "capital_loss": functional.cross_entropy(capital_logits.flatten(0, 1), capitals.flatten()),
        }
        if asked.any():
            losses["masked_loss"] = functional.cross_entropy(guess_logits, guesses[asked])
        return losses

    def draw(self, windows: Windows, count: int) -> list[list[Word]]:
        """Draw a batch of windows."""
        return [windows.draw(self.config.training.window_words, self.randomness) for _ in range(count)]

    def validate(self) -> dict[str, float]:
        """Measure the averaged model on held-out windows."""
        with torch.no_grad():
            losses = self.losses(self.average, self.held_out, masked_share=0.0)
        return {f"validation_{name}": float(loss) for name, loss in losses.items()}

    def update(self, progress: float) -> dict[str, float]:
        """Take one step on a batch of windows."""
        training = self.config.training
        self.model.train()
        masked_share = training.masked_share if progress < training.masked_until else 0.0
        losses = self.losses(self.model, self.draw(self.windows, training.batch_size), masked_share)
        weights = {"masked_loss": training.masked_weight}
        self.optimizer.zero_grad(set_to_none=True)
        sum(weights.get(name, 1.0) * loss for name, loss in losses.items()).backward()
        self.apply_gradient()
        return {name: float(loss.detach()) for name, loss in losses.items()}


def main() -> None:
    """Run the command."""
    parser = command_line("Train the small punctuation and capitalisation BERT.", "punctuation_bert_small")
    parser.add_argument(
        "--text", type=Path, nargs="+", required=True, help="TSV with the columns id and normalized_text"
    )
    parser.add_argument("--threads", type=int, default=1, help="CPU threads")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)

    config = OmegaConf.load(arguments.config)
    budget = Budget(arguments.minutes, arguments.steps)
    sentences = [sentence for path in arguments.text for sentence in read_sentences(path)]
    passages = read_passages(sentences, "train")
    arguments.run.mkdir(parents=True, exist_ok=True)
    size = config.model.language_model.config.vocab_size
    config.model.tokenizer.vocab_file = str(train_vocabulary(passages, size, arguments.run))
    windows = Windows(passages, config.training.question_share, config.training.digit_share)
    held_out = Windows(read_passages(sentences, "validation"), question_share=0.0, digit_share=0.0)
    run = PunctuationRun(config, arguments.run, arguments.device, windows, held_out)
    run.train(budget, arguments.save_every_s)


if __name__ == "__main__":
    main()

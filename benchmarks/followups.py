"""How often a follow-up is asked of the right papers, that of the turn before where it leans on it, all others where it does not.

Two tables of conversations with the seeds: a first question, the beginning of the title of the paper that answers it, follow-ups
that lean on that paper, and follow-ups on other topics with parts of the titles that may answer them first. The weights in
`assistant.answering.pipeline` were chosen on the first table; the second was written after.

    python benchmarks/followups.py
"""

from assistant import Answer, Assistant

CHOSEN_ON = [
    (
        "Which model was trained for Macedonian?",
        "Towards Open Foundation Language Model and Corpus",
        [
            "how many examples are in the instruction data?",
            "is the data open?",
            "how many parameters?",
            "and compared to Llama?",
        ],
        [("genomic sequences", "HyenaDNA"), ("so how is sequential recommendation done?", "Recommendation|ecommend")],
    ),
    (
        "Our cows stand in a barn and I want to know which of them are lame or lying down. Which model recognises that?",
        "A Model Generalization Study in Localizing Indoor",
        ["was the bigger model better?"],
        [
            ("And which paper deals with the loss of context awareness?", "On the Loss of Context"),
            ("force fields", "Machine Learning Force"),
        ],
    ),
    (
        "What is HyenaDNA?",
        "HyenaDNA",
        ["context length?", "how long sequences can it read", "and on GenomicBenchmarks?", "then how fast is it?"],
        [
            ("How about editing long videos without training?", "LOVECon"),
            ("jamming detection in 5G", "Over-The-Air"),
            ("But why do models memorize noisy labels?", "Early-Learning|emoriz|Noisy|noisy"),
        ],
    ),
    (
        "How can reinforcement learning with one training example teach a model to reason?",
        "Reinforcement Learning for Reasoning in Large",
        ["what happens without outcome reward?"],
        [],
    ),
    (
        "What is LST?",
        "LST",
        [
            "on which data sets?",
            "why?",
            "what are the limitations?",
            "compared with LoRA?",
            "and what about its cost?",
            "but how much slower?",
        ],
        [
            ("And which model was trained for Macedonian?", "Towards Open Foundation Language Model and Corpus"),
            ("But how well does GPT-3.5 do on the bar exam?", "GPT Takes the Bar Exam"),
            ("Also, which papers study drones in haze?", "HazyDet"),
            ("So what do we know about noisy labels in remote sensing?", "CromSS"),
            ("What about drone detection in haze?", "HazyDet"),
            ("Then which method detects jamming in 5G?", "Over-The-Air"),
            ("RLVR?", "RLVR|Reinforcement Learning for Reasoning"),
            ("bar exam?", "GPT Takes the Bar Exam"),
            ("noise in chains of thought", "Understanding the Effect of Noise"),
            ("How are microscopy images understood?", "μ-Bench"),
            ("Which paper is about the bar exam?", "GPT Takes the Bar Exam"),
            ("Adversarial training with imbalanced classes?", "Imbalanced"),
        ],
    ),
    (
        "What is the effect of noise in chains of thought?",
        "Understanding the Effect of Noise",
        ["how many examples are needed?", "which noise is worse?"],
        [("What is HyenaDNA?", "HyenaDNA"), ("and grokking?", "rokking")],
    ),
    (
        "What is Lawma?",
        "Lawma",
        ["and on images?", "how many tasks are there?"],
        [("Also, what is known about model soups?", "Model soups"), ("And what about tabular data?", "Tabular|abular")],
    ),
    (
        "Which method keeps half of the parameters frozen in each tuning round?",
        "HFT",
        ["so is it faster?", "does it forget less?"],
        [("How are skills ordered?", "Skill-it")],
    ),
    (
        "How are jammers detected in 5G networks?",
        "Over-The-Air",
        ["what accuracy does it reach?", "how much accuracy?", "also, how is it trained?"],
        [("drones in haze", "HazyDet"), ("what about embeddings of nested sizes?", "Matryoshka")],
    ),
    (
        "How well does GPT-3.5 do on the bar exam?",
        "GPT Takes the Bar Exam",
        ["and GPT-4?", "how high is the pass rate?"],
        [
            ("What about label noise in web images?", "An accurate detection|noisy|Noisy"),
            ("Pointer networks?", "Pointer Networks"),
            ("who uses simulated chatbot arenas?", "Arena Learning"),
        ],
    ),
    (
        "Which papers study drones in haze?",
        "HazyDet",
        ["how many images?", "is the code available?"],
        [
            ("And how are jammers detected in 5G networks?", "Over-The-Air"),
            ("lameness of cows", "A Model Generalization Study in Localizing Indoor"),
            ("But which models predict time series fast?", "Tiny Time|AR-Net"),
        ],
    ),
    (
        "Which data set teaches models about microscopy?",
        "μ-Bench",
        ["which models were tested?", "how many tasks?"],
        [("Then how does federated synthetic data help?", "Fed")],
    ),
    (
        "How are cyberbullying classifiers trained more efficiently?",
        "Improving Classifier Training",
        ["by how much?", "which classifiers were used?", "tell me more"],
        [
            ("So which benchmark is about microscopy?", "μ-Bench"),
            ("and satellite images?", "atellite|CromSS|emote|eBEN"),
        ],
    ),
    (
        "Which method edits long videos without training?",
        "LOVECon",
        ["how long can the videos be?"],
        [("Which model recognises lame cows?", "A Model Generalization Study in Localizing Indoor")],
    ),
    (
        "What is Matryoshka Representation Learning?",
        "Matryoshka",
        ["how much smaller do the embeddings get?", "does retrieval get faster?"],
        [
            (
                "But can differential privacy be kept in few-shot image classification?",
                "On the Efficacy of Differentially",
            ),
            ("How long are genomic sequences?", "HyenaDNA"),
        ],
    ),
    (
        "Can differential privacy be kept in few-shot image classification?",
        "On the Efficacy of Differentially",
        ["how many shots are needed?", "so what helps?"],
        [
            ("cyberbullying?", "Improving Classifier Training"),
            ("How do backdoors in vision-language models get mitigated?", "Backdoor"),
        ],
    ),
    (
        "Which benchmark measures event-level video understanding?",
        "E.T. Bench",
        ["how many videos?", "how well do existing models do?", "what data was used?"],
        [
            ("Macedonian language model", "Towards Open Foundation Language Model and Corpus"),
            ("what does CorDA do?", "CorDA"),
        ],
    ),
    (
        "What does instruction tuning do to the context awareness of models?",
        "On the Loss of Context",
        ["how is that fixed?", "what causes the loss?"],
        [
            ("Are cows recognised?", "A Model Generalization Study in Localizing Indoor"),
            ("what about quantization?", "uantiz|FlexRound"),
        ],
    ),
    (
        "What is Skill-it?",
        "Skill-it",
        ["what is the speedup?", "how are the skills ordered?"],
        [("And is GPT-3.5 good at law?", "GPT Takes the Bar Exam|Lawma"), ("Does pruning hurt?", "prun|Prun")],
    ),
]
HELD_OUT = [
    (
        "Which data set has long-take videos with captions?",
        "LVD-2M",
        ["how many clips?", "how were they captioned?", "how long are they on average?"],
        [
            ("And what are model soups?", "Model soups"),
            ("how are cyberbullying texts classified?", "Improving Classifier Training"),
            ("self-driving with game data?", "Grand Theft"),
        ],
    ),
    (
        "What are model soups?",
        "Model soups",
        ["how much accuracy is gained?", "does inference get slower?", "which models were averaged?"],
        [
            ("also, how are backdoors removed from vision-language models?", "Effective Backdoor|ackdoor"),
            ("And tell me about federated learning", "Fed|federat"),
            ("dataset condensation?", "Condensation"),
        ],
    ),
    (
        "How does Arena Learning work?",
        "Arena Learning",
        ["which model results?", "is it cheaper than human annotators?", "what are the gains?"],
        [
            ("dragging objects in images?", "DiffUHaul"),
            ("How do users drag objects?", "DiffUHaul"),
            ("And how do force fields save data?", "Force Fields"),
        ],
    ),
    (
        "Which method drags objects in images without training?",
        "DiffUHaul",
        ["how do users rate the results?", "are other methods worse?"],
        [
            ("materials science", "HoneyBee"),
            ("is there anything on differential privacy?", "On the Efficacy of Differentially|Private|Privacy"),
        ],
    ),
    (
        "What is CALICO?",
        "CALICO",
        [
            "on which benchmarks?",
            "how much better than the baseline?",
            "and with little labelled data?",
            "also with cameras?",
        ],
        [
            ("what about GitHub issues?", "SWE-Fixer"),
            ("Which papers deal with instruction data selection?", "nstruction|Selection"),
        ],
    ),
    (
        "How do backdoors in vision-language models depend on the pre-training objective?",
        "Effective Backdoor",
        ["how many models were poisoned?", "so which objective is safer?"],
        [("So how are weights rounded for quantization?", "FlexRound"), ("hyperfitting?", "Hyperfitting")],
    ),
    (
        "What is FlexRound?",
        "FlexRound",
        ["and for language models?", "what is learned?"],
        [
            ("tiny time series models", "Tiny Time"),
            ("what about in-context learning of linear models?", "n-context|n-Context"),
        ],
    ),
    (
        "Which model is instructed for materials science?",
        "HoneyBee",
        ["how good are the instructions?", "which base model?", "without GPT?"],
        [("Gabor textures?", "Gabor"), ("bar exam results", "Bar Exam")],
    ),
    (
        "What is SWE-Fixer?",
        "SWE-Fixer",
        ["what score?", "how many training instances?", "is the model public?"],
        [("cows in a barn", "A Model Generalization Study in Localizing Indoor"), ("and how does Yi score?", "Yi")],
    ),
    (
        "What is CodeGen2?",
        "CodeGen2",
        ["what lessons were learned?", "which sizes?"],
        [("Then which legal tasks can be learned?", "Lawma"), ("long video editing", "LOVECon")],
    ),
    (
        "Which tiny models forecast time series?",
        "Tiny Time Mixers",
        ["how many parameters are needed?", "but on zero-shot tasks?", "are there limits?"],
        [("lidar and cameras", "CALICO"), ("But are there papers on satellite images?", "atellite|CromSS|BEN|emote")],
    ),
    (
        "How are Gabor textures used in fine-grained recognition?",
        "Learning Gabor",
        ["how accurate is the result?", "why does texture help?"],
        [
            ("Which benchmark has microscopy images?", "Bench"),
            ("Does noise in the data hurt chains of thought?", "Effect of Noise"),
        ],
    ),
    (
        "What is Matryoshka Representation Learning?",
        "Matryoshka",
        [],
        [("But what is known about jamming?", "Over-The-Air"), ("And relation extraction?", "elation")],
    ),
    ("What is LST?", "LST", [], [("detecting generated text", "Text Detection|etect")]),
    (
        "Which method keeps half of the parameters frozen in each tuning round?",
        "HFT",
        [],
        [("then what is out-of-distribution detection?", "ut-of-|OOD|utlier")],
    ),
]


def main() -> None:
    """Prints the shares, and every follow-up that went wrong."""
    with Assistant() as library:
        for name, table in (("chosen on", CHOSEN_ON), ("held out", HELD_OUT)):
            right = {"leaning": [], "standing alone": []}
            for first, title, leaning, alone in table:
                history = turn(first, library.ask(first))
                for question in leaning:
                    answer = library.ask(question, history=history)
                    right["leaning"].append(is_right(answer, (title,)))
                for question, titles in alone:
                    answer = library.ask(question, history=history)
                    right["standing alone"].append(bool(answer.citations) and is_right(answer, titles.split("|")))
            for kind, outcomes in right.items():
                print(f"{name}, {kind}: {sum(outcomes)} of {len(outcomes)}")


def turn(question: str, answer: Answer) -> list[dict[str, str]]:
    """A question and its answer as a history."""
    return [{"role": "user", "content": question}, {"role": "assistant", "content": answer.text}]


def is_right(answer: Answer, titles: tuple[str, ...] | list[str]) -> bool:
    """Whether the paper that comes first, of those cited or else of those found, has one of these in its title."""
    papers = [citation.paper for citation in answer.citations] or [passage.paper for passage in answer.passages]
    if papers and any(title in papers[0].title for title in titles):
        return True
    print(f"wrong: {answer.question} -> {papers[0].title if papers else answer.reason}")
    return False


if __name__ == "__main__":
    main()

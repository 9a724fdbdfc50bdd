"""Words that papers and their readers use for the same thing, by stem: general English, no topic's own terms."""

from assistant.terms import stem

_GROUPS = """
    outperform surpass exceed beat outdo ahead top best
    large big huge massive vast | small smaller tiny | entire whole complete full
    expensive costly cost cheap price compute
    fast faster speed speedup quick quicker accelerate rapid
    difficult hard challenging challenge difficulty | easy simple
    important crucial critical key essential vital
    begin start initialize | stage phase step
    create build construct generate produce develop | change alter modify | adapt adjust
    dataset data corpus | image picture visual vision | text textual language
    accurate accuracy correct right | error mistake wrong incorrect
    main primary principal major mainly primarily largely mostly
    issue problem limitation drawback shortcoming | goal aim objective | handle tackle address cope
    freeze frozen fix | combine integrate merge join | train tune learn
    person people human user | field area domain | lack absence without
    question query | answer response reply | memory storage
    choose select pick | collect gather assemble | split divide | assign allot allocate
    benefit advantage profit help | attractive appealing
    drop decline fall decrease reduce lower cut less fewer save narrow shrink mitigate alleviate worse degrade worsen
    hurt harm poor suffer
    improve enhance better boost increase higher gain raise rise grow more lift
    keep kept retain maintain preserve | ignore neglect overlook | avoid prevent
    tell distinguish discriminate differentiate | guess predict | affect influence impact effect phenomenon
    equal par match rival competitive comparable compete similar
    various different varied diverse vary diversity differ
    always consistently everywhere throughout invariably | know known
    extend generalize transfer hold carry | random randomly chance | observe seen
    likely probable probably | usual common typical standard prevalent widespread | often frequently
    single one alone | scarce rare scarcity | relative versus | publish release available open"""
SYNONYMS = {
    stem(word): number for number, group in enumerate(_GROUPS.replace("\n", "|").split("|")) for word in group.split()
}
"""The number of the group that a stem belongs to."""

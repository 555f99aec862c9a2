#include "worker/text/linebreak_rank.h"

#include "worker/text/linebreak_address.h"
#include "worker/text/linebreak_join.h"

#include <string.h>
#include <wchar.h>

_Static_assert(sizeof(wchar_t) == 4, "wide literals are UTF-32");

bool linebreak_is_hangul(uint32_t c)
{
    return (c >= 0xac00 && c <= 0xd7a3) || (c >= 0x1100 && c <= 0x11ff) ||
           (c >= 0x3130 && c <= 0x318f);
}

static bool is_hiragana(uint32_t c)
{
    return c >= 0x3041 && c <= 0x309f;
}

static bool is_katakana(uint32_t c)
{
    return (c >= 0x30a1 && c <= 0x30ff) || (c >= 0xff66 && c <= 0xff9f);
}

bool linebreak_is_kana(uint32_t c)
{
    return is_hiragana(c) || (is_katakana(c) && c != 0x30fb);
}

bool linebreak_is_han(uint32_t c)
{
    return (c >= 0x4e00 && c <= 0x9fff) || (c >= 0x3400 && c <= 0x4dbf) || c == 0x3005 ||
           c == 0x3007 || (c >= 0xf900 && c <= 0xfaff) || (c >= 0x20000 && c <= 0x3ffff);
}

bool linebreak_is_latin(uint32_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= 0xc0 && c <= 0x24f);
}

static bool is_cjk(uint32_t c)
{
    return linebreak_is_han(c) || linebreak_is_kana(c) || linebreak_is_hangul(c);
}

static bool is_ascii_or_wide_digit(uint32_t c)
{
    return (c >= '0' && c <= '9') || (c >= 0xff10 && c <= 0xff19);
}

bool linebreak_is_space(uint32_t c)
{
    return c == ' ' || c == 0x3000 || c == 0x200b || (c >= 0x2000 && c <= 0x200a && c != 0x2007);
}

static bool is_one_of(uint32_t c, const wchar_t *set)
{
    return c != 0 && wcschr(set, (wchar_t)c) != NULL;
}

/* Punctuation that must not begin a line, or end one, for places that UAX #14 does not decide. */
static bool is_closing(uint32_t c)
{
    return is_one_of(c, L",.;:!?)]}%…’”»›、。，．；：！？）］｝〕〉》」』】〗％·‧・ー～");
}

static bool is_opening(uint32_t c)
{
    return is_one_of(c, L"([{‘“«‹（［｛〔〈《「『【〖");
}

static uint32_t character_at(const struct linebreak_text *text, size_t at)
{
    return at < text->count ? text->characters[at] : 0;
}

/* The word (letters and digits of any script) that begins at `at`, or that ends before it. */
static size_t word_after(const struct linebreak_text *text, size_t at)
{
    size_t end = at;
    while (end < text->count && !linebreak_is_space(text->characters[end]) &&
           !is_closing(text->characters[end]) && text->characters[end] != '\n')
        end++;
    return end - at;
}

static size_t word_before(const struct linebreak_text *text, size_t at)
{
    size_t start = at;
    while (start > 0 && !linebreak_is_space(text->characters[start - 1]) &&
           !is_opening(text->characters[start - 1]) && text->characters[start - 1] != '\n')
        start--;
    return at - start;
}

static bool is_word_in_list(const uint32_t *characters, size_t count, const wchar_t *const *words)
{
    for (; *words; words++) {
        size_t i = 0;
        for (; i < count && (*words)[i]; i++) {
            uint32_t c =
                characters[i] >= 'A' && characters[i] <= 'Z' ? characters[i] + 32 : characters[i];
            if (c != (uint32_t)(*words)[i])
                break;
        }
        if (i == count && !(*words)[i])
            return true;
    }
    return false;
}

/* Pairs of Han characters that readers see as one word, the most frequent ones of headlines:
 * without a dictionary (ICU's takes 36 MB) any pair could be separated. Not sorted; a text has at
 * most a few hundred pairs. */
static const wchar_t han_words[] = L"相信 伟大 微小 渺小 行动 世界 一个 一切 一起 一样 一次 一直 "
                                   L"每个 每天 自己 自由 没有 可以 可能 能够 "
                                   L"不是 不会 不能 不同 不要 只有 只是 就是 还是 但是 因为 所以 "
                                   L"如果 虽然 然后 已经 正在 开始 结束 现在 "
                                   L"今天 明天 昨天 今年 时间 时候 时刻 未来 过去 永远 梦想 希望 "
                                   L"力量 勇气 勇敢 坚持 努力 改变 创造 成就 "
                                   L"成为 成功 成长 胜利 冠军 比赛 运动 奥运 冬奥 冰球 球队 球场 "
                                   L"赛艇 选手 队员 队伍 训练 冰场 冰雪 鸭子 "
                                   L"小鸭 鸭妈 妈妈 母亲 父亲 孩子 家庭 朋友 生活 生命 生活 人生 "
                                   L"人类 人们 故事 国家 城市 中国 韩国 北京 "
                                   L"首尔 上海 广州 深圳 英国 美国 日本 全球 全部 全国 故乡 大家 "
                                   L"大地 天空 海洋 自然 阳光 温暖 美好 美丽 "
                                   L"幸福 快乐 爱心 关爱 善良 善意 简单 平凡 非凡 普通 重要 真正 "
                                   L"真实 最后 最初 最大 最小 第一 唯一 所有 "
                                   L"什么 怎么 为什 如何 哪里 这里 那里 这个 那个 这样 那样 停下 "
                                   L"等待 前进 前行 出发 到达 看见 听见 发现 "
                                   L"发生 感受 感动 相遇 相同 需要 值得 让我 为了 关于 通向 通往 "
                                   L"成全 带来 带领 走向 走过 穿过 超越 突破 "
                                   L"挑战 机会 可爱 细节 细小 点滴 脚步 步伐 距离 速度 高度 温度 "
                                   L"态度 精神 信念 信心 信任 心灵 内心 用心 "
                                   L"开幕 仪式 典礼 欢迎 感谢 谢谢 服务 播放 列表 公司 品牌 产品 "
                                   L"设计 科技 技术 质量 品质 创新 智能 安全 "
                                   L"健康 环境 绿色 城乡 社会 社区 文化 艺术 音乐 电影 影片 教育 "
                                   L"学习 学校 老师 学生 工作 事业 工程 建设 ";

static bool is_han_word(uint32_t first, uint32_t second)
{
    for (const wchar_t *word = han_words; *word; word += 3)
        if ((uint32_t)word[0] == first && (uint32_t)word[1] == second)
            return true;
    return false;
}

/* Whether the place follows the end of a clause, closing quotes and brackets included. The full stop
 * of an abbreviation ends none. */
static bool is_after_clause(const struct linebreak_text *text, size_t at,
                            const wchar_t *punctuation)
{
    while (at > 0 && (linebreak_is_space(text->characters[at - 1]) ||
                      is_one_of(text->characters[at - 1], L"'\")]’”»）］」』》〉】")))
        at--;
    return at > 0 && is_one_of(text->characters[at - 1], punctuation) &&
           !linebreak_join_is_abbreviation(text, at);
}

/* For Chinese characters that belong to the one before or after. */
static enum linebreak_rank rank_han(uint32_t previous, uint32_t next)
{
    if (is_one_of(next, L"的地得了着过们吗呢吧啊呀么之"))
        return LINEBREAK_POOR;
    if (is_one_of(previous, L"一不很最更太每这那在把被与和跟从向对为给让是几无以"))
        return LINEBREAK_POOR;
    if (is_han_word(previous, next))
        return LINEBREAK_POOR;
    return previous == L'的' ? LINEBREAK_GOOD : LINEBREAK_FAIR;
}

/* Japanese phrases (bunsetsu) mostly begin where hiragana ends. */
static enum linebreak_rank rank_kana(uint32_t previous, uint32_t next)
{
    if (is_one_of(previous, L"おごの") && linebreak_is_han(next))
        return previous == L'の' ? LINEBREAK_FAIR : LINEBREAK_POOR;
    if (is_hiragana(previous) && !is_hiragana(next))
        return LINEBREAK_GOOD;
    if (previous == L'を')
        return LINEBREAK_GOOD;
    if (is_katakana(previous) && is_katakana(next))
        return LINEBREAK_SYLLABLE;
    if (is_katakana(previous) != is_katakana(next) && !is_hiragana(next))
        return LINEBREAK_FAIR;
    return LINEBREAK_POOR;
}

static enum linebreak_rank rank_chinese_japanese(const struct linebreak_text *text, size_t at)
{
    uint32_t previous = text->characters[at - 1], next = text->characters[at];
    if (is_after_clause(text, at, L"。，；：！？,;:!?…"))
        return LINEBREAK_BEST;
    /* A space between two CJK characters separates phrases; one beside a Latin word is only
     * spacing. */
    if (linebreak_is_space(previous))
        return is_cjk(next) && is_cjk(character_at(text, at - 2)) ? LINEBREAK_BEST : LINEBREAK_FAIR;
    bool counted = is_ascii_or_wide_digit(previous) || is_one_of(previous, L"第%％");
    if ((counted && linebreak_is_han(next)) || (previous == L'第' && is_ascii_or_wide_digit(next)))
        return LINEBREAK_SYLLABLE;
    if (is_one_of(next, L"·‧・～－／/") || is_one_of(previous, L"·‧"))
        return LINEBREAK_SYLLABLE;
    if (linebreak_is_hangul(previous) && linebreak_is_hangul(next))
        return LINEBREAK_SYLLABLE;
    if (is_one_of(previous, L"、—"))
        return LINEBREAK_GOOD;
    enum linebreak_rank rank = text->script == LINEBREAK_SCRIPT_KANA ? rank_kana(previous, next)
                                                                     : rank_han(previous, next);
    return is_opening(next) && rank != LINEBREAK_POOR ? LINEBREAK_GOOD : rank;
}

static enum linebreak_rank rank_korean(const struct linebreak_text *text, size_t at)
{
    /* Nouns that depend on the word before them, and words of one syllable that belong to the
     * next. */
    static const wchar_t *const dependent[] = {L"수", L"줄", L"뿐", L"데", L"때", L"채", NULL};
    static const wchar_t *const leaning[] = {
        L"이", L"그", L"저", L"한", L"두", L"세", L"네", L"각", L"매",   L"새",   L"첫", L"안",
        L"못", L"더", L"왜", L"제", L"내", L"온", L"약", L"총", L"오전", L"오후", NULL};
    uint32_t previous = text->characters[at - 1], next = text->characters[at];
    if (!linebreak_is_space(previous)) {
        if (is_one_of(previous, L"—―"))
            return LINEBREAK_FAIR;
        return is_one_of(previous, L"-‐") && !is_cjk(next) ? LINEBREAK_POOR : LINEBREAK_SYLLABLE;
    }
    if (is_after_clause(text, at, L",.;:!?…—。，"))
        return LINEBREAK_BEST;
    if (next == L'것' || is_word_in_list(text->characters + at, word_after(text, at), dependent))
        return LINEBREAK_POOR;
    size_t length = word_before(text, at - 1);
    return is_word_in_list(text->characters + at - 1 - length, length, leaning) ? LINEBREAK_POOR
                                                                                : LINEBREAK_FAIR;
}

static enum linebreak_rank rank_latin(const struct linebreak_text *text, size_t at)
{
    static const wchar_t *const leaning[] = {
        L"a",  L"an", L"the",  L"of",   L"to", L"in",  L"on",   L"at",  L"for",  L"and", L"or",
        L"by", L"as", L"with", L"from", L"is", L"are", L"that", L"who", L"into", L"no",  L"its",
        L"my", L"we", L"our",  L"your", L"i",  L"one", L"it",   L"he",  L"she",  NULL};
    static const wchar_t *const joining[] = {L"of",  L"to",   L"in",   L"on",  L"for",
                                             L"and", L"or",   L"with", L"who", L"that",
                                             L"but", L"from", L"into", L"so",  NULL};
    uint32_t previous = text->characters[at - 1];
    if (!linebreak_is_space(previous))
        return is_one_of(previous, L"-‐") || is_one_of(text->characters[at], L"—–")
                   ? LINEBREAK_POOR
                   : LINEBREAK_FAIR;
    if (is_after_clause(text, at, L",.;:!?…—"))
        return LINEBREAK_BEST;
    size_t length = word_before(text, at - 1);
    if (is_word_in_list(text->characters + at - 1 - length, length, leaning))
        return LINEBREAK_POOR;
    return is_word_in_list(text->characters + at, word_after(text, at), joining) ? LINEBREAK_GOOD
                                                                                 : LINEBREAK_FAIR;
}

/* For places where UAX #14 allows a break. */
static enum linebreak_rank rank_by_script(const struct linebreak_text *text, size_t at)
{
    if (character_at(text, at - 1) == '/')
        return LINEBREAK_SYLLABLE;
    switch (text->script) {
    case LINEBREAK_SCRIPT_HANGUL:
        return rank_korean(text, at);
    case LINEBREAK_SCRIPT_HAN:
    case LINEBREAK_SCRIPT_KANA:
        return rank_chinese_japanese(text, at);
    case LINEBREAK_SCRIPT_LATIN:
        break;
    }
    return rank_latin(text, at);
}

enum linebreak_rank linebreak_rank(const struct linebreak_text *text, size_t at, bool allowed)
{
    uint32_t previous = character_at(text, at - 1), next = character_at(text, at);
    if (previous == next && is_one_of(next, L"—―…⋯─"))
        return LINEBREAK_NEVER;
    switch ((enum linebreak_address)text->addresses[at]) {
    case LINEBREAK_ADDRESS_INSIDE:
        return LINEBREAK_CLUSTER;
    case LINEBREAK_ADDRESS_AFTER_MARK:
        return LINEBREAK_NEVER;
    case LINEBREAK_ADDRESS_BEFORE_MARK:
        return LINEBREAK_SYLLABLE;
    case LINEBREAK_ADDRESS_OUTSIDE:
        break;
    }
    enum linebreak_rank limit = allowed ? linebreak_join_limit(text, at) : LINEBREAK_CLUSTER;
    if (limit == LINEBREAK_CLUSTER)
        return is_closing(next) || is_opening(previous) ? LINEBREAK_NEVER : LINEBREAK_CLUSTER;
    enum linebreak_rank rank = rank_by_script(text, at);
    return rank < limit ? rank : limit;
}

#include "commands/setup/setup_words.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define LINE_BYTES 8192

static const char *const words[SETUP_WORDS][SETUP_LANGUAGES] = {
    [SETUP_INTRODUCTION] =
        {"Enter takes what stands in [brackets]. Ctrl+C ends it, and nothing is changed.",
         "Enter를 누르면 [괄호] 안의 값을 씁니다. Ctrl+C를 누르면 아무것도 바꾸지 않고 끝납니다.",
         "按 Enter 采用 [方括号] 中的值。按 Ctrl+C 退出，不作任何更改。"},
    [SETUP_ASK_SOURCE] = {"What does this box show? The channel's address, such as "
                          "https://signage.example.com/channels/seoul/",
                          "이 기기에 무엇을 보여 줄까요? 채널 주소, 예: "
                          "https://signage.example.com/channels/seoul/",
                          "这台设备播放什么？频道地址，例如 "
                          "https://signage.example.com/channels/shanghai/"},
    [SETUP_ASK_KEY] = {"The operator's public key: its file (operator.pub), or the key itself",
                       "운영자의 공개 키: 파일(operator.pub) 또는 키 자체",
                       "运营方的公钥：文件（operator.pub）或密钥本身"},
    [SETUP_CONFIRM_KEY] = {"The key's number is %s. Is it the one that the operator told you?",
                           "키 번호는 %s입니다. 운영자가 알려 준 번호와 같습니까?",
                           "密钥编号是 %s。与运营方告知的编号一致吗？"},
    [SETUP_ASK_ZONE] = {"Time zone", "시간대", "时区"},
    [SETUP_ASK_NAME] = {"The box's name: small letters, digits and -",
                        "기기 이름: 영문 소문자, 숫자, -", "设备名称：小写字母、数字和 -"},
    [SETUP_ASK_ROTATION] =
        {"Picture turned clockwise by 0, 90, 180 or 270 degrees (90 or 270: the screen hangs on "
         "its side)",
         "화면 회전(시계 방향): 0, 90, 180, 270도 (세로로 설치한 화면은 90 또는 270)",
         "画面顺时针旋转：0、90、180 或 270 度（竖装屏幕为 90 或 270）"},
    [SETUP_ASK_WATCHDOG] = {"May the box start itself again when its system hangs?",
                            "시스템이 멈추면 기기를 자동으로 다시 시작할까요?",
                            "系统死机时，允许设备自动重新启动吗？"},
    [SETUP_ASK_TIME_SERVERS] =
        {"Time servers: kr (Korea), cn (China), or none (as the system has them)",
         "시간 서버: kr(한국), cn(중국), none(시스템 설정 그대로)",
         "时间服务器：kr（韩国）、cn（中国）或 none（保持系统设置）"},
    [SETUP_ASK_WRITE] = {"Write this?", "이대로 저장할까요?", "写入以上设置吗？"},
    [SETUP_ASK_REPLACE_EDITED] = {"%s was changed by hand since. Replace it (a copy is kept)?",
                                  "%s 파일을 누군가 직접 고쳤습니다. 바꿀까요? (사본은 남깁니다)",
                                  "%s 已被手动修改过。要替换吗？（会保留副本）"},
    [SETUP_ANSWER_YES_OR_NO] = {"Please answer y or n.", "y 또는 n으로 답하십시오.",
                                "请回答 y 或 n。"},
    [SETUP_WRONG] = {"That won't do: it %s", "쓸 수 없는 값입니다: %s", "该值无效：%s"},
    [SETUP_NEEDS_CHANNEL] =
        {"needs the address of a channel (it ends in /), or a playlist's address or file",
         "채널 주소(/로 끝남), 또는 재생 목록의 주소나 파일이 필요합니다",
         "需要频道地址（以 / 结尾），或播放列表的地址或文件"},
    [SETUP_NEEDS_NAME] =
        {"needs 1 to 63 small letters, digits and -, and neither begins nor ends with -",
         "영문 소문자, 숫자, - 로 1~63자이며, -로 시작하거나 끝날 수 없습니다",
         "需要 1 到 63 个小写字母、数字或 -，且不能以 - 开头或结尾"},
    [SETUP_ENDED] = {"The input has ended.", "입력이 끝났습니다.", "输入已结束。"},
    [SETUP_INTERRUPTED] = {"Ended by Ctrl+C.", "Ctrl+C로 중단했습니다.", "已按 Ctrl+C 中断。"},
    [SETUP_NOTHING_WRITTEN] = {"Nothing was changed.", "아무것도 바꾸지 않았습니다.",
                               "未作任何更改。"},
    [SETUP_WROTE] = {"written: %s", "저장함: %s", "已写入：%s"},
    [SETUP_UNCHANGED] = {"as it was: %s", "그대로 둠: %s", "保持不变：%s"},
    [SETUP_KEPT_COPY] = {"the file before is kept: %s", "이전 파일 보관: %s",
                         "先前的文件已保留：%s"},
    [SETUP_REPLACES] = {"%s: takes the place of %s, which stays as it is",
                        "%s: %s의 설정 대신 쓰입니다(그 파일은 그대로 둡니다)",
                        "%s：取代 %s 中的设置（该文件不变）"},
    [SETUP_WINS] = {"%s: NOT in force, %s wins; change it there, or remove it there",
                    "%s: 적용되지 않습니다. %s의 설정이 우선합니다. 그곳에서 고치거나 지우십시오",
                    "%s：未生效，%s 中的设置优先；请在那里修改或删除"},
    [SETUP_ALREADY] = {"already set, left as it is: %s", "이미 설정되어 있어 그대로 둠: %s",
                       "已有设置，保持不变：%s"},
    [SETUP_CHECKING] = {"Now the box is checked.",
                        "이제 기기를 점검합니다. 결과는 영어로 표시됩니다.",
                        "现在检查设备，结果以英文显示。"},
    [SETUP_ALL_RIGHT] = {"The box is ready.", "기기에 이상이 없습니다.", "设备一切正常。"},
    [SETUP_SOME_WRONG] =
        {"Do what stands after \"Do:\", or read these lines to the operator on the telephone.",
         "위에서 \"WRONG\"으로 시작하는 줄이 문제입니다. \"Do:\" 뒤에 적힌 대로 하거나, 그 줄을 "
         "운영자에게 전화로 읽어 주십시오.",
         "以上以 “WRONG” 开头的行是问题所在。请按 “Do:” "
         "后面的说明处理，或打电话把这些行念给运营方听。"},
    [SETUP_ASK_RESTART] = {"Start the box again now, so that it shows this?",
                           "지금 기기를 다시 시작해 이 설정대로 보여 줄까요?",
                           "现在重新启动设备，按此设置播放吗？"},
    [SETUP_RESTARTS] = {"The box starts again.", "기기를 다시 시작합니다.", "设备正在重新启动。"},
    [SETUP_DONE] = {"Switch the box off and on again (systemctl reboot). A test card for a minute: "
                    "systemctl kill --signal=USR1 duckling",
                    "기기를 껐다 켜십시오(systemctl reboot). 1분 동안 시험 화면 보기: "
                    "systemctl kill --signal=USR1 duckling",
                    "请重新启动设备（systemctl reboot）。显示一分钟测试卡："
                    "systemctl kill --signal=USR1 duckling"},
};

const char *setup_word(enum setup_language language, enum setup_word word)
{
    return words[word][language];
}

void setup_word_fill(enum setup_language language, enum setup_word word, const char *first,
                     const char *second, char *text, size_t text_bytes)
{
    const char *rest = setup_word(language, word), *place;
    size_t used = 0;
    text[0] = '\0';
    while ((place = strstr(rest, "%s")) && used < text_bytes) {
        int added = snprintf(text + used, text_bytes - used, "%.*s%s", (int)(place - rest), rest,
                             first ? first : "");
        used += added > 0 ? (size_t)added : 0;
        rest = place + 2;
        first = second;
    }
    if (used < text_bytes)
        snprintf(text + used, text_bytes - used, "%s", rest);
}

void setup_word_tell(enum setup_language language, enum setup_word word, const char *first,
                     const char *second)
{
    char line[LINE_BYTES];
    setup_word_fill(language, word, first, second, line, sizeof line);
    puts(line);
}

enum setup_language setup_language_of(const char *tag)
{
    if (strncasecmp(tag, "ko", 2) == 0)
        return SETUP_KOREAN;
    return strncasecmp(tag, "zh", 2) == 0 ? SETUP_CHINESE : SETUP_ENGLISH;
}

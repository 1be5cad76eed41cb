//! Text that says nothing: the Latin of printers, or plain Japanese.

use fake::locales::{Data, EN};

use super::draws::Draws;
use super::language::{Language, Words, capitalized, put_together};

#[rustfmt::skip]
const JAPANESE_WORDS: Words = &[
    "朝", "昼", "夜", "春", "夏", "秋", "冬", "空", "海", "山", "川", "森", "花", "鳥", "魚", "犬", "猫", "雨", "雪", "風",
    "星", "月", "太陽", "道", "橋", "駅", "町", "村", "家", "庭", "窓", "扉", "机", "椅子", "本", "手紙", "写真", "音楽",
    "時計", "電車", "自転車", "船", "飛行機", "旅", "友達", "家族", "先生", "学生", "仕事", "休日", "食事", "果物", "野菜",
    "お茶", "水", "光", "影", "色", "声", "言葉", "夢", "心", "時間", "場所", "世界", "未来", "記憶", "物語", "約束", "祭り",
    "市場", "公園", "図書館", "喫茶店", "港", "島", "畑", "森林", "季節", "希望",
];

/// When, who, and what they do.
#[rustfmt::skip]
const JAPANESE_SENTENCE: [Words; 3] = [
    &[
        "朝早く、", "夕方になると、", "雨の日には、", "休みの日に、", "春が来ると、", "静かな夜に、", "駅の前で、", "小さな町で、",
        "海の近くで、", "去年の夏、", "いつものように、", "窓を開けると、",
    ],
    &[
        "弟は", "先生は", "友達は", "隣の人は", "旅人は", "子どもたちは", "私たちは", "祖母は", "白い猫は", "若い職人は", "店の主人は",
        "学生たちは",
    ],
    &[
        "古い本を読んでいる", "温かいお茶を飲んだ", "長い手紙を書いた", "新しい道を歩いていく", "美しい歌を歌っている", "遠い山を眺めていた",
        "小さな庭に花を植えた", "静かに電車を待っている", "昔の写真を見せてくれた", "市場で果物を買った", "港まで自転車で走った", "次の旅の話をした",
        "星の数を数えている", "明日の準備をしている", "みんなのために料理を作った",
    ],
];

pub(super) fn word(draws: &mut Draws, language: &Language) -> String {
    draws.word(if is_japanese(language) { JAPANESE_WORDS } else { EN::LOREM_WORD }).to_owned()
}

pub(super) fn words(draws: &mut Draws, language: &Language, count: usize) -> String {
    let words: Vec<String> = (0..count).map(|_| word(draws, language)).collect();
    words.join(" ")
}

pub(super) fn sentence(draws: &mut Draws, language: &Language) -> String {
    if is_japanese(language) {
        let pattern = draws.word(&["{one}{two}{three}。", "{two}{three}。"]);
        return put_together(pattern, &JAPANESE_SENTENCE, draws);
    }
    let count = draws.between(6, 12) as usize;
    capitalized(&words(draws, language, count)) + "."
}

pub(super) fn sentences(draws: &mut Draws, language: &Language, count: usize) -> String {
    let sentences: Vec<String> = (0..count).map(|_| sentence(draws, language)).collect();
    // Japanese sentences follow each other without a space.
    sentences.join(if is_japanese(language) { "" } else { " " })
}

pub(super) fn paragraph(draws: &mut Draws, language: &Language) -> String {
    let count = draws.between(4, 7) as usize;
    sentences(draws, language, count)
}

fn is_japanese(language: &Language) -> bool {
    language.tag == "ja"
}

// Shortcodes that a bot and the people around it are likely to use. An unknown one stays as typed.

const TABLE = `
+1 👍|thumbsup 👍|-1 👎|thumbsdown 👎|ok_hand 👌|wave 👋|clap 👏|raised_hands 🙌|pray 🙏|muscle 💪|point_right 👉
point_left 👈|point_up ☝️|point_down 👇|eyes 👀|brain 🧠|handshake 🤝|raised_hand ✋|hand ✋
smile 😄|smiley 😃|grinning 😀|slightly_smiling_face 🙂|wink 😉|joy 😂|laughing 😆|blush 😊|heart_eyes 😍|sunglasses 😎
thinking_face 🤔|neutral_face 😐|confused 😕|cry 😢|sob 😭|scream 😱|rage 😡|sweat_smile 😅|upside_down_face 🙃|relieved 😌
disappointed 😞|worried 😟|zany_face 🤪|partying_face 🥳|sleeping 😴|shrug 🤷|facepalm 🤦|robot_face 🤖|skull 💀|ghost 👻
heart ❤️|yellow_heart 💛|green_heart 💚|blue_heart 💙|purple_heart 💜|broken_heart 💔|sparkles ✨|star ⭐|star2 🌟|fire 🔥
boom 💥|100 💯|tada 🎉|confetti_ball 🎊|balloon 🎈|gift 🎁|trophy 🏆|medal 🏅|rocket 🚀|ship 🚢|package 📦|truck 🚚
white_check_mark ✅|heavy_check_mark ✔️|ballot_box_with_check ☑️|x ❌|negative_squared_cross_mark ❎|heavy_plus_sign ➕
heavy_minus_sign ➖|warning ⚠️|no_entry ⛔|no_entry_sign 🚫|octagonal_sign 🛑|stop_sign 🛑|rotating_light 🚨|construction 🚧
exclamation ❗|heavy_exclamation_mark ❗|bangbang ‼️|question ❓|grey_question ❔|information_source ℹ️|bulb 💡|bell 🔔|no_bell 🔕
hourglass ⌛|hourglass_flowing_sand ⏳|stopwatch ⏱️|alarm_clock ⏰|watch ⌚|clock1 🕐|calendar 📅|date 📅|spiral_calendar_pad 🗓️
arrow_right ➡️|arrow_left ⬅️|arrow_up ⬆️|arrow_down ⬇️|leftwards_arrow_with_hook ↩️|arrow_right_hook ↪️|rewind ⏪
arrows_counterclockwise 🔄|repeat 🔁|recycle ♻️|fast_forward ⏩|double_vertical_bar ⏸️|black_square_for_stop ⏹️|record_button ⏺️
lock 🔒|unlock 🔓|closed_lock_with_key 🔐|key 🔑|old_key 🗝️|shield 🛡️|passport_control 🛂|ticket 🎫|id 🆔|bust_in_silhouette 👤
busts_in_silhouette 👥|female-detective 🕵️‍♀️|sleuth_or_spy 🕵️|police_car 🚓|eyeglasses 👓|mag 🔍|mag_right 🔎|stethoscope 🩺|pill 💊
computer 💻|desktop_computer 🖥️|iphone 📱|phone ☎️|keyboard ⌨️|floppy_disk 💾|cd 💿|battery 🔋|electric_plug 🔌|satellite 🛰️
gear ⚙️|wrench 🔧|hammer 🔨|hammer_and_wrench 🛠️|nut_and_bolt 🔩|link 🔗|paperclip 📎|pushpin 📌|round_pushpin 📍|scissors ✂️
pencil ✏️|pencil2 ✏️|memo 📝|clipboard 📋|page_facing_up 📄|scroll 📜|newspaper 📰|books 📚|book 📖|bookmark 🔖|label 🏷️
file_folder 📁|open_file_folder 📂|card_index_dividers 🗂️|wastebasket 🗑️|inbox_tray 📥|outbox_tray 📤|email 📧|envelope ✉️
incoming_envelope 📨|mailbox 📫|speech_balloon 💬|thought_balloon 💭|loudspeaker 📢|mega 📣|chart_with_upwards_trend 📈
chart_with_downwards_trend 📉|bar_chart 📊|moneybag 💰|credit_card 💳|house 🏠|office 🏢|factory 🏭|globe_with_meridians 🌐
earth_africa 🌍|cloud ☁️|sunny ☀️|zap ⚡|umbrella ☔|snowflake ❄️|rainbow 🌈|ocean 🌊|seedling 🌱|evergreen_tree 🌲|cactus 🌵
bug 🐛|ant 🐜|bee 🐝|turtle 🐢|snail 🐌|octopus 🐙|whale 🐳|crab 🦀|cat 🐱|dog 🐶|unicorn_face 🦄|monkey 🐒|see_no_evil 🙈
coffee ☕|tea 🍵|beer 🍺|pizza 🍕|cake 🍰|cookie 🍪|popcorn 🍿|apple 🍎|lemon 🍋
red_circle 🔴|large_orange_circle 🟠|large_yellow_circle 🟡|large_green_circle 🟢|large_blue_circle 🔵|large_purple_circle 🟣
white_circle ⚪|black_circle ⚫|large_green_square 🟩|large_red_square 🟥|large_yellow_square 🟨|white_square ⬜|small_blue_diamond 🔹
one 1️⃣|two 2️⃣|three 3️⃣|four 4️⃣|five 5️⃣|six 6️⃣|seven 7️⃣|eight 8️⃣|nine 9️⃣|keycap_ten 🔟|zero 0️⃣|new 🆕|up 🆙|ok 🆗|free 🆓|sos 🆘
`;

const EMOJI = new Map(
  TABLE.trim().split(/[\n|]/).map((entry) => {
    const space = entry.indexOf(' ');
    return [entry.slice(0, space), entry.slice(space + 1)];
  }),
);

/** The characters for a shortcode's name, or undefined. */
export function emoji(name) {
  return EMOJI.get(name);
}

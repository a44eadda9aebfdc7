package words

// currency is what people call a currency and its coins. Those without minor have no coins that are said.
type currency struct {
	major, majors string
	minor, minors string
	// The Chinese names: before is said before the amount. Where coin is empty, tenths are 角 and hundredths 分.
	before, unit, coin string
}

var currencies = map[string]currency{
	"USD": {"dollar", "dollars", "cent", "cents", "", "美元", "美分"},
	"HKD": {"Hong Kong dollar", "Hong Kong dollars", "cent", "cents", "港币", "元", ""},
	"CNY": {"yuan", "yuan", "fen", "fen", "人民币", "元", ""},
	"TWD": {"Taiwan dollar", "Taiwan dollars", "cent", "cents", "新台币", "元", ""},
	"MOP": {"pataca", "patacas", "avo", "avos", "澳门币", "元", ""},
	"EUR": {"euro", "euros", "cent", "cents", "", "欧元", "欧分"},
	"GBP": {"pound", "pounds", "penny", "pence", "", "英镑", "便士"},
	"SGD": {"Singapore dollar", "Singapore dollars", "cent", "cents", "", "新加坡元", "分"},
	"AUD": {"Australian dollar", "Australian dollars", "cent", "cents", "", "澳元", "分"},
	"NZD": {"New Zealand dollar", "New Zealand dollars", "cent", "cents", "", "新西兰元", "分"},
	"CAD": {"Canadian dollar", "Canadian dollars", "cent", "cents", "", "加元", "分"},
	"CHF": {"Swiss franc", "Swiss francs", "centime", "centimes", "", "瑞士法郎", "生丁"},
	"MYR": {"ringgit", "ringgit", "sen", "sen", "", "林吉特", "仙"},
	"INR": {"rupee", "rupees", "paisa", "paise", "", "印度卢比", "派士"},
	"THB": {"baht", "baht", "satang", "satang", "", "泰铢", "萨当"},
	"PHP": {"Philippine peso", "Philippine pesos", "centavo", "centavos", "", "菲律宾比索", "分"},
	"JPY": {"yen", "yen", "", "", "", "日元", ""},
	"KRW": {"won", "won", "", "", "", "韩元", ""},
	"VND": {"dong", "dong", "", "", "", "越南盾", ""},
	"IDR": {"rupiah", "rupiah", "", "", "", "印尼盾", ""},
}

package demo

import (
	"fmt"
	"strconv"
	"time"

	"ctid"
)

// Seed is what the centre knows before the first call.
type Seed struct {
	Customers []ctid.Customer // their companies are made too
	Cases     []Case
	Past      []ctid.CallRecord // calls of the weeks before, each with its end
}

// Case is a matter of a customer, with the time when it was opened.
type Case struct {
	ctid.Case
	Customer ctid.CustomerID
	Opened   time.Time
}

// person is a customer in the table below: his number's last digits stand in the ranges that are kept free for drama.
type person struct {
	name, company, lang string
	mobile              bool
	vip                 bool
	topic               string // of an open case
}

var people = []person{
	{"Mei Tan", "Tan & Sons", "zh", false, true, "Two pallets missing from the last delivery"},
	{"Oliver Hart", "Hart Bakery", "en", false, false, ""},
	{"Priya Nair", "Nair Textiles", "en", true, false, "Invoice 2207 charged twice"},
	{"Jack Doyle", "", "en", true, false, ""},
	{"Li Wei", "Golden Harbour Foods", "zh", false, false, "Freezer stops at night"},
	{"Sofia Rossi", "Rossi Imports", "en", false, true, ""},
	{"Tom Baker", "Baker Street Books", "en", false, false, "Wrong edition sent"},
	{"Chan Siu Ming", "Ming Electronics", "zh", true, false, ""},
	{"Amina Yusuf", "Yusuf Logistics", "en", false, false, "Change of delivery address"},
	{"Peter Novak", "", "en", true, false, ""},
	{"Grace Kim", "Kim Design", "en", false, false, ""},
	{"Wong Ka Yan", "Wong Trading", "zh", false, true, "Contract ends next month"},
	{"Hannah Schmidt", "Schmidt Optik", "en", false, false, ""},
	{"Diego Torres", "Torres Tiles", "en", true, false, "Colour differs from the sample"},
	{"Emma Clarke", "", "en", true, false, ""},
	{"Zhang Min", "East Gate Tea", "zh", false, false, ""},
	{"Noah Evans", "Evans Garage", "en", false, false, "Compressor leaks oil"},
	{"Ines Costa", "Costa Fish", "en", true, false, ""},
	{"Raj Kapoor", "Kapoor Pharmacy", "en", false, true, "Cold chain report needed"},
	{"Lucy Adams", "", "en", true, false, ""},
	{"Ho Wing Sze", "Wing Printing", "zh", false, false, "Paper jams with the new stock"},
	{"Marta Kowalska", "Kowalska Flowers", "en", false, false, ""},
	{"Samuel Osei", "Osei Cocoa", "en", true, false, ""},
	{"Ella Johansson", "Johansson Sails", "en", false, false, "Spare part on order"},
	{"Liu Yang", "Sunrise Toys", "zh", true, false, ""},
	{"Ben Carter", "Carter Plumbing", "en", false, false, ""},
	{"Fatima Zahra", "Zahra Catering", "en", true, false, "Refund not received"},
	{"George Hill", "", "en", false, false, ""},
	{"Lam Chi Kin", "Lam Watches", "zh", false, false, ""},
	{"Nora Byrne", "Byrne Crafts", "en", true, false, "Cannot log in to the shop"},
}

func (p person) number(i int) string {
	if p.mobile {
		return fmt.Sprintf("+447700900%03d", 100+i)
	}
	return fmt.Sprintf("+442079460%03d", 100+i)
}

// account is a number of seven digits whose last one is the check digit of ISO/IEC 7812 (Luhn), as the script asks for.
func account(i int) string {
	digits := strconv.Itoa(400100 + 7*i)
	sum := 0
	for j, d := range digits {
		n := int(d - '0')
		if (len(digits)-j)%2 == 1 { // the check digit will stand behind: count from there
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum += n
	}
	return digits + strconv.Itoa((10-sum%10)%10)
}

func customerID(i int) ctid.CustomerID { return ctid.CustomerID(fmt.Sprintf("cu_demo_%02d", i+1)) }

// hasAccount: those without one are asked for it by the script, and press hash.
func hasAccount(i int) bool { return i%5 != 3 }

// seed is the same at each run but for its days, which count back from now.
func seed(now time.Time) Seed {
	var s Seed
	for i, p := range people {
		c := ctid.Customer{ID: customerID(i), Name: ctid.Private(p.name), Lang: p.lang, VIP: p.vip, Tier: "standard",
			LastAgent: agents[i%len(agents)].name, Numbers: []ctid.Private{ctid.Private(p.number(i))}}
		if p.company != "" {
			c.Company = &ctid.Company{ID: fmt.Sprintf("co_demo_%02d", i+1), Name: ctid.Private(p.company)}
		}
		if p.vip {
			c.Tier, c.Tags = "gold", []string{"key account"}
		}
		if hasAccount(i) {
			c.Account = ctid.Private(account(i))
		}
		s.Customers = append(s.Customers, c)
		if p.topic != "" {
			s.Cases = append(s.Cases, Case{ctid.Case{ID: fmt.Sprintf("cs_demo_%02d", i+1), Title: ctid.Private(p.topic), State: "open",
				Owner: string(c.LastAgent)}, c.ID, now.AddDate(0, 0, -1-i%9)})
		}
		for n := range 1 + i%3 {
			s.Past = append(s.Past, past(c, i, n, now))
		}
	}
	return s
}

var notes = []ctid.Private{"Asked for the new price list.", "Promised to call back; done.", "Delivery moved to Thursday.", "Sent the manual by mail."}

// past is the record of an earlier call of a customer.
func past(c ctid.Customer, i, n int, now time.Time) ctid.CallRecord {
	at := now.AddDate(0, 0, -3-11*n-i%5).Add(-time.Duration(i*13+n*47) * time.Minute).UTC()
	queue := []ctid.QueueID{"sales", "support"}[(i+n)%2]
	talk := time.Duration(90+i*11+n*30) * time.Second
	return ctid.CallRecord{ID: ctid.CallID(fmt.Sprintf("c_past_%02d_%d", i+1, n+1)), Node: "pbx", Dir: "in",
		ANI:     ctid.Number{E164: c.Numbers[0], Raw: c.Numbers[0]},
		DNIS:    ctid.DNIS{Number: Number, Label: "Harbour Trading"},
		Arrived: at, Answered: at, Connected: at.Add(20 * time.Second), Ended: at.Add(20*time.Second + talk),
		Queues: []ctid.QueueVisit{{Queue: queue, Entered: at.Add(12 * time.Second), WaitMS: 8000, Exit: ctid.ExitAnswered, Priority: 50}},
		Agents: []ctid.AgentPart{{Agent: c.LastAgent, From: at.Add(20 * time.Second), TalkMS: talk.Milliseconds()}},
		WaitMS: 8000, TalkMS: talk.Milliseconds(), Customer: c.ID, Match: ctid.MatchOne, Outcome: "answered",
		Notes: notes[(i+n)%len(notes)], End: &ctid.End{Side: ctid.SideCaller, Reason: "hangup", Q850: 16}}
}

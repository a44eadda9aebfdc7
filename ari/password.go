package ari

import (
	"context"
	"net/http"
	"regexp"
)

var (
	// what names an object in pjsip.conf: it becomes part of an address
	objectRE   = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z_.-]{0,79}$`)
	passwordRE = regexp.MustCompile(`^[0-9A-Za-z_-]{16,128}$`)
)

// attribute is one setting of an object that is put into Asterisk's memory.
type attribute struct {
	Attribute string `json:"attribute"`
	Value     string `json:"value"`
}

// fields is the body that makes or replaces such an object.
type fields struct {
	Fields []attribute `json:"fields"`
}

// SetPhonePassword lets the telephones whose endpoint has auth=NAME log in as user NAME with the password from now on,
// and with no other that was set before. It lies in Asterisk's memory and is gone when Asterisk restarts. Asterisk must
// have been told to keep such objects in memory (pbx/sorcery_ctid.conf): IsNotKept says that it was not. The password
// has 16 to 128 letters, digits, - and _.
func (n *Node) SetPhonePassword(ctx context.Context, name, password string) error {
	err := n.check("set_phone_password", check{"name", name, form(objectRE, "is no name of an object in pjsip.conf")},
		check{"password", password, form(passwordRE, "has other characters than letters, digits, - and _, or is too short or too long")})
	if err != nil {
		return err
	}
	return n.do(ctx, request{
		op: "set_phone_password", target: name, method: http.MethodPut, path: phonePassword(name), again: sendAgain,
		body: fields{[]attribute{{"auth_type", "userpass"}, {"username", name}, {"password", password}}},
	})
}

// DropPhonePassword ends SetPhonePassword: nobody logs in as NAME any more. Who is registered stays so until his
// registration ends. A password that is not there is no error.
func (n *Node) DropPhonePassword(ctx context.Context, name string) error {
	if err := n.check("drop_phone_password", check{"name", name, form(objectRE, "is no name of an object in pjsip.conf")}); err != nil {
		return err
	}
	return n.do(ctx, request{
		op: "drop_phone_password", target: name, method: http.MethodDelete, path: phonePassword(name), again: sendAgain, already: gone,
	})
}

func phonePassword(name string) []string {
	return []string{"asterisk", "config", "dynamic", "res_pjsip", "auth", name}
}

// IsNotKept says that Asterisk has no memory for what SetPhonePassword gives it.
func IsNotKept(err error) bool {
	return Status(err) == http.StatusForbidden || Status(err) == http.StatusNotFound
}

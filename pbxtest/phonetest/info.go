package phonetest

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
)

// infoLength is how long a key is told to have been pressed.
const infoLength = 160 * time.Millisecond

// SendInfo presses keys (0-9, *, #, A-D) one after the other as SIP INFO requests (application/dtmf-relay), as telephones do
// that send no RFC 4733 events. The pause between them is that of SendDTMF.
func (d *Dialog) SendInfo(ctx context.Context, keys string) error {
	inv, err := d.session()
	if err != nil {
		return err
	}
	for _, key := range keys {
		if !strings.ContainsRune("0123456789*#ABCD", key) {
			return fmt.Errorf("press %q: no telephone has this key", key)
		}
		contact := inv.RemoteContact()
		if contact == nil {
			return fmt.Errorf("press %q: the other side has named no address", key)
		}
		req := sip.NewRequest(sip.INFO, contact.Address)
		req.AppendHeader(sip.NewHeader("Content-Type", "application/dtmf-relay"))
		req.SetBody(fmt.Appendf(nil, "Signal=%c\r\nDuration=%d\r\n", key, infoLength.Milliseconds()))
		res, err := inv.Do(ctx, req)
		if err != nil {
			return fmt.Errorf("press %q: %w", key, err)
		}
		if res.StatusCode != sip.StatusOK {
			return fmt.Errorf("press %q: %w", key, &Refused{Code: res.StatusCode, Text: res.Reason})
		}
		if err := d.pause(ctx, key); err != nil {
			return err
		}
	}
	return nil
}

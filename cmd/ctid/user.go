package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"ctid"
	"ctid/config"
	"ctid/store"
)

// withStore opens the configuration's database for one command.
func withStore(c *cobra.Command, file string, f func(ctx context.Context, cfg *config.Config, s *store.Store) error) error {
	cfg, err := loadConfig(c, file)
	if err != nil {
		return err
	}
	s, err := store.Open(c.Context(), store.Config{DSN: cfg.Store.DSN, KeyFile: cfg.Store.KeyFile, Log: newLogger(cfg)})
	if err != nil {
		return err
	}
	return errors.Join(f(c.Context(), cfg, s), s.Close(context.WithoutCancel(c.Context())))
}

func userCommand() *cobra.Command {
	var file string
	c := &cobra.Command{Use: "user", Short: "Users, their passwords and roles"}
	c.PersistentFlags().StringVarP(&file, "config", "c", "", "the configuration (default: ctid.yaml here, then in /etc/ctid)")
	c.AddCommand(userAdd(&file), userPassword(&file), userDisable(&file), userList(&file))
	return group(c)
}

func oneName(c *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usageError{fmt.Errorf("%s takes one name", c.CommandPath())}
	}
	return nil
}

func userAdd(file *string) *cobra.Command {
	var roles []string
	var agent string
	c := &cobra.Command{Use: "add NAME --role agent [--agent NAME]",
		Short: "Add a user; his password is read from standard input, or made and printed if that is empty", Args: oneName,
		RunE: func(c *cobra.Command, args []string) error {
			return withStore(c, *file, func(ctx context.Context, cfg *config.Config, s *store.Store) error {
				u := store.User{Name: args[0], Agent: ctid.AgentID(agent)}
				for _, r := range roles {
					u.Roles = append(u.Roles, ctid.Role(r))
				}
				known := slices.ContainsFunc(cfg.Agents, func(a config.Agent) bool { return a.Name == agent })
				switch {
				case slices.ContainsFunc(u.Roles, func(r ctid.Role) bool { return !slices.Contains(ctid.Roles, r) }):
					return usageError{fmt.Errorf("roles are agent, supervisor, admin, integration and wallboard, not %v", roles)}
				case agent != "" && !known:
					return usageError{fmt.Errorf("there is no agent %q in the configuration", agent)}
				case agent == "" && slices.Contains(roles, "agent"):
					return usageError{errors.New("a user with role agent needs --agent NAME, an agent of the configuration")}
				}
				password, made, err := readPassword(c.InOrStdin())
				if err != nil {
					return err
				}
				if err := s.AddUser(ctx, u, password); err != nil {
					return err
				}
				if err := audit(ctx, s, "user.add", args[0]); err != nil {
					return err
				}
				return tellPassword(c.OutOrStdout(), args[0], password, made)
			})
		}}
	c.Flags().StringSliceVar(&roles, "role", []string{"agent"}, "agent, supervisor, admin, integration or wallboard; may be repeated")
	c.Flags().StringVar(&agent, "agent", "", "the agent of the configuration that this user is")
	return c
}

func userPassword(file *string) *cobra.Command {
	return &cobra.Command{Use: "password NAME", Short: "Set a password, read from standard input, or made and printed if that is empty",
		Args: oneName, RunE: func(c *cobra.Command, args []string) error {
			return withStore(c, *file, func(ctx context.Context, _ *config.Config, s *store.Store) error {
				password, made, err := readPassword(c.InOrStdin())
				if err != nil {
					return err
				}
				if err := s.SetPassword(ctx, args[0], password); err != nil {
					return err
				}
				if err := audit(ctx, s, "user.password", args[0]); err != nil {
					return err
				}
				return tellPassword(c.OutOrStdout(), args[0], password, made)
			})
		}}
}

func userDisable(file *string) *cobra.Command {
	return &cobra.Command{Use: "disable NAME", Short: "Lock a user out and end his sessions", Args: oneName,
		RunE: func(c *cobra.Command, args []string) error {
			return withStore(c, *file, func(ctx context.Context, _ *config.Config, s *store.Store) error {
				if err := s.DisableUser(ctx, args[0]); err != nil {
					return err
				}
				return audit(ctx, s, "user.disable", args[0])
			})
		}}
}

func userList(file *string) *cobra.Command {
	return &cobra.Command{Use: "list", Short: "List the users", Args: noArgs, RunE: func(c *cobra.Command, _ []string) error {
		return withStore(c, *file, func(ctx context.Context, _ *config.Config, s *store.Store) error {
			list, err := s.Users(ctx)
			for _, u := range list {
				state := ""
				if u.Disabled {
					state = " disabled"
				}
				fmt.Fprintf(c.OutOrStdout(), "%-20s %v agent=%s%s\n", u.Name, u.Roles, u.Agent, state)
			}
			return err
		})
	}}
}

// readPassword takes the first line of in; where in is a terminal or empty, it makes one.
func readPassword(in io.Reader) (password string, made bool, err error) {
	if f, ok := in.(interface{ Fd() uintptr }); ok && isTerminal(f.Fd()) {
		return randomText(), true, nil
	}
	line, err := bufio.NewReader(io.LimitReader(in, 4096)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", false, fmt.Errorf("reading the password: %w", err)
	}
	if line = strings.TrimRight(line, "\r\n"); line != "" {
		return line, false, nil
	}
	return randomText(), true, nil
}

func tellPassword(out io.Writer, name, password string, made bool) error {
	if !made {
		_, err := fmt.Fprintf(out, "%s: saved\n", name)
		return err
	}
	_, err := fmt.Fprintf(out, "%s: saved; the password is %s (shown only now)\n", name, password)
	return err
}

// randomText is 96 random bits for a password or a secret.
func randomText() string {
	b := make([]byte, 12)
	rand.Read(b)
	return base64.RawURLEncoding.EncodeToString(b)
}

// audit notes an act of whoever has the shell.
func audit(ctx context.Context, s *store.Store, op, target string) error {
	return s.Audit(ctx, store.AuditRow{Who: "shell", Role: ctid.RoleAdmin, Via: "cli", Op: op, Target: target, Outcome: "ok"})
}
